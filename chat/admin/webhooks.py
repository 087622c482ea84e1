"""Every call to a chatbot's webhook, to be read and sent again."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

from django.contrib import admin, messages
from django.db.models import Q, QuerySet
from django.http import HttpRequest
from django.utils.formats import date_format
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.text import Truncator
from django.utils.timezone import localtime
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _
from unfold.decorators import display
from unfold.paginator import InfinitePaginator

from chat.admin.scoping import RecordAdmin, RelatedFilter
from chat.admin.showing import NOTHING, Label
from chat.exceptions import Conflict
from chat.models import Message, WebhookRecord
from chat.services.webhooks import REASONS, send_again
from chat.webhooks.payload import TRIAL

DELIVERED = Q(status_code__gte=200, status_code__lt=300)


class OutcomeFilter(admin.SimpleListFilter):
    title = _("outcome")
    parameter_name = "outcome"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return [("delivered", _("Delivered")), ("failed", _("Failed"))]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        match self.value():
            case "delivered":
                return queryset.filter(DELIVERED)
            case "failed":
                return queryset.exclude(error="")
            case _:
                return queryset


@admin.register(WebhookRecord)
class WebhookRecordAdmin(RecordAdmin):
    organization = "chatbot__organization"
    list_display = ("when", "outcome", "reason", "chatbot", "said", "attempt", "took")
    list_filter = (("chatbot", RelatedFilter), OutcomeFilter, "created_at")
    list_select_related = ("chatbot", "message")
    search_fields = ("url", "message__id__startswith")
    ordering = ("-created_at",)
    paginator = InfinitePaginator
    actions = ("send_again",)
    fieldsets = (
        (None, {"fields": ("outcome", "reason", "when", "took", "attempt")}),
        (_("Request"), {"fields": ("chatbot", "url", "message", "sent")}),
        (_("Response"), {"fields": ("answer",)}),
    )

    @display(description=_("outcome"), label={"delivered": "success", "failed": "danger"})  # type: ignore[untyped-decorator]
    def outcome(self, record: WebhookRecord) -> Label:
        return outcome_of(record)

    @admin.display(description=_("reason"))
    def reason(self, record: WebhookRecord) -> str:
        return reason_of(record) or NOTHING

    @admin.display(description=_("when"), ordering="created_at")
    def when(self, record: WebhookRecord) -> str:
        """To the second: attempts follow one another closely."""
        return date_format(localtime(record.created_at), "Y-m-d H:i:s")

    @admin.display(description=_("message"))
    def said(self, record: WebhookRecord) -> str:
        return said_in(record)

    @admin.display(description=_("duration"), ordering="milliseconds")
    def took(self, record: WebhookRecord) -> str:
        return NOTHING if record.milliseconds is None else f"{record.milliseconds:,} ms"

    @admin.display(description=_("body"))
    def sent(self, record: WebhookRecord) -> SafeString:
        body = record.request_body
        text = NOTHING if body is None else json.dumps(body, indent=2, ensure_ascii=False)
        return format_html('<pre class="parley-sent">{}</pre>', text)

    @admin.display(description=_("beginning of the body"))
    def answer(self, record: WebhookRecord) -> SafeString:
        return format_html('<pre class="parley-sent">{}</pre>', record.response or NOTHING)

    @admin.action(description=_("Send again"), permissions=["view"])
    def send_again(self, request: HttpRequest, queryset: QuerySet[WebhookRecord]) -> None:
        chosen = queryset.exclude(message=None).order_by().values("message")
        related = Message.objects.select_related("conversation__chatbot")
        sent_again(request, related.filter(pk__in=chosen))


def sent_again(request: HttpRequest, chosen: Iterable[Message]) -> None:
    """Send them again, and say how many."""
    count, refused = 0, None
    for message in chosen:
        try:
            count += send_again(message)
        except Conflict as error:
            refused = error
    if refused:
        messages.error(request, str(refused.message))
    said = ngettext("%(count)d message is sent again.", "%(count)d messages are sent again.", count)
    messages.success(request, said % {"count": count})


def said_in(record: WebhookRecord) -> str:
    """The beginning of the message that it told of."""
    if record.message is None:
        return gettext("Test") if (record.request_body or {}).get("type") == TRIAL else NOTHING
    return Truncator(record.message.content).chars(60) or NOTHING


def outcome_of(record: WebhookRecord) -> Label:
    if record.status_code is None:
        return Label("failed", gettext("No answer"))
    return Label("failed" if record.error else "delivered", str(record.status_code))


def reason_of(record: WebhookRecord) -> str:
    return str(REASONS.get(record.error, record.error))
