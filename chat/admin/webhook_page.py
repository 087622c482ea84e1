"""The page of one chatbot's webhook: whether it works, its secret, and its last calls."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any
from uuid import UUID

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db.models import Count, Exists, OuterRef, Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.utils import timezone
from django.utils.cache import add_never_cache_headers
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from chat.admin.webhooks import DELIVERED, outcome_of, reason_of, said_in, sent_again
from chat.exceptions import ChatError
from chat.limits import take_request
from chat.models import Chatbot, Job, Message, WebhookRecord
from chat.services.webhooks import new_secret, send_test, switch_on
from chat.webhooks.outbox import KIND

if TYPE_CHECKING:
    from chat.admin.chatbots import ChatbotAdmin

SHOWN = 20
#: At most so many messages are sent again with one press.
AT_ONCE = 500
#: How often a person may have a test sent.
TESTS_PER_MINUTE = 6


@require_http_methods(["GET", "HEAD", "POST"])
def webhook_page(request: HttpRequest, id: UUID, *, model_admin: ChatbotAdmin) -> HttpResponse:
    chatbot = model_admin.get_object(request, str(id))
    if chatbot is None or not model_admin.has_change_permission(request, chatbot):
        raise PermissionDenied
    context = {
        **model_admin.admin_site.each_context(request),
        "title": _("Webhook of %(chatbot)s") % {"chatbot": chatbot},
        "object": chatbot,
        "chatbot": chatbot,
    }
    if request.method == "POST":
        press = _BUTTONS.get(request.POST.get("press", ""))
        return press(request, chatbot, model_admin, context) if press else redirect(request.path)
    return TemplateResponse(request, "admin/chat/webhook.html", context | state_of(chatbot))


def state_of(chatbot: Chatbot) -> dict[str, Any]:
    records = WebhookRecord.objects.filter(chatbot=chatbot).select_related("message")
    today = records.filter(created_at__gt=timezone.now() - timedelta(days=1))
    counted = today.aggregate(
        delivered=Count("pk", filter=DELIVERED), failed=Count("pk", filter=~Q(error=""))
    )
    rows = [
        (one, *outcome_of(one), reason_of(one), said_in(one))
        for one in records.order_by("-created_at")[:SHOWN]
    ]
    return {
        "state": state(chatbot),
        "counted": counted,
        "waiting": Job.objects.filter(kind=KIND, done_at=None, payload__chatbot=str(chatbot.pk)).count(),
        "old_until": old_secret_until(chatbot),
        "rows": rows,
        "undelivered": undelivered(chatbot).count(),
    }


def state(chatbot: Chatbot) -> str:
    if not chatbot.webhook_url:
        return "none"
    return "gone" if chatbot.webhook_gone_at else "on"


def old_secret_until(chatbot: Chatbot) -> datetime | None:
    until = chatbot.webhook_old_secret_until
    return until if chatbot.webhook_old_secret and until and until > timezone.now() else None


def undelivered(chatbot: Chatbot) -> QuerySet[Message]:
    """Messages of which no attempt was taken, the oldest first."""
    failed = WebhookRecord.objects.filter(chatbot=chatbot).exclude(error="").values("message")
    taken = WebhookRecord.objects.filter(message=OuterRef("pk"), error="")
    related = Message.objects.select_related("conversation__chatbot")
    return related.filter(~Exists(taken), pk__in=failed).order_by("created_at")[:AT_ONCE]


def _make_secret(
    request: HttpRequest, chatbot: Chatbot, model_admin: ChatbotAdmin, context: dict[str, Any]
) -> HttpResponse:
    """Shown on this answer, and nowhere else."""
    made = new_secret(chatbot, at_once="at_once" in request.POST)
    model_admin.log_change(request, chatbot, _("New secret for the webhook."))
    response = TemplateResponse(request, "admin/chat/webhook_secret.html", context | {"secret": made})
    add_never_cache_headers(response)
    return response


def _switch_on(
    request: HttpRequest, chatbot: Chatbot, model_admin: ChatbotAdmin, context: dict[str, Any]
) -> HttpResponse:
    if switch_on(chatbot):
        model_admin.log_change(request, chatbot, _("Webhook switched on again."))
        messages.success(request, _("The webhook is on again."))
    return redirect(request.path)


def _send_test(
    request: HttpRequest, chatbot: Chatbot, model_admin: ChatbotAdmin, context: dict[str, Any]
) -> HttpResponse:
    try:
        take_request(f"webhook-test:{request.user.pk}", TESTS_PER_MINUTE)
        record = send_test(chatbot)
    except ChatError as error:
        messages.error(request, str(error.message))
        return redirect(request.path)
    told = {"outcome": outcome_of(record).words, "reason": reason_of(record), "took": record.milliseconds}
    if record.error:
        messages.error(request, _("The test was not taken: %(outcome)s, %(reason)s.") % told)
    else:
        messages.success(request, _("The receiver took the test: %(outcome)s in %(took)s ms.") % told)
    return redirect(request.path)


def _send_again(
    request: HttpRequest, chatbot: Chatbot, model_admin: ChatbotAdmin, context: dict[str, Any]
) -> HttpResponse:
    sent_again(request, undelivered(chatbot))
    return redirect(request.path)


_BUTTONS: dict[str, Callable[[HttpRequest, Chatbot, ChatbotAdmin, dict[str, Any]], HttpResponse]] = {
    "secret": _make_secret,
    "on": _switch_on,
    "again": _send_again,
    "test": _send_test,
}
