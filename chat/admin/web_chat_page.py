"""The page of one web chat: the switch that closes it at once, the way to its snippet, the secrets with which
sites sign who their visitors are, and what is wrong with a token."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any
from uuid import UUID

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.utils.cache import add_never_cache_headers
from django.utils.translation import gettext as _
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods

from chat.admin.scoping import person
from chat.exceptions import ChatError, IdentityRefused
from chat.models import AccessType, WebChat
from chat.services import identity, visitor_tokens, web_chats

if TYPE_CHECKING:
    from chat.admin.web_chats import WebChatAdmin


@sensitive_post_parameters("token")
@require_http_methods(["GET", "HEAD", "POST"])
def web_chat_page(request: HttpRequest, id: UUID, *, model_admin: WebChatAdmin) -> HttpResponse:
    web_chat = model_admin.get_object(request, str(id))
    if web_chat is None or not model_admin.has_change_permission(request, web_chat):
        raise PermissionDenied
    if web_chat.access_type != AccessType.WEB:
        return redirect("admin:chat_webchat_change", web_chat.pk)
    context = {
        **model_admin.admin_site.each_context(request),
        "title": _("Pause, snippet and identity"),
        "object": web_chat,
        "web_chat": web_chat,
    }
    press = _BUTTONS.get(request.POST.get("press", "")) if request.method == "POST" else None
    try:
        answer = press(request, web_chat, model_admin, context) if press else None
    except ChatError as error:
        messages.error(request, str(error.message))
        answer = None
    if request.method == "POST":
        return answer or redirect(request.path)
    return _page(request, context)


def _page(request: HttpRequest, context: dict[str, Any], **more: Any) -> HttpResponse:
    web_chat: WebChat = context["web_chat"]
    secrets = list(web_chat.identity_secrets.order_by("created_at"))
    context |= {"secrets": secrets, "may_add": len(secrets) < identity.MOST_SECRETS, **more}
    response = TemplateResponse(request, "admin/chat/web_chat.html", context)
    add_never_cache_headers(response)
    return response


Answer = HttpResponse | None
Press = Callable[[HttpRequest, WebChat, "WebChatAdmin", dict[str, Any]], Answer]


def _pause(request: HttpRequest, web_chat: WebChat, model_admin: WebChatAdmin, _c: dict[str, Any]) -> Answer:
    web_chats.pause(web_chat, by=f"member:{person(request).pk}")
    model_admin.log_change(request, web_chat, _("Paused."))
    messages.success(request, _("It is paused. Whoever has it open is disconnected within five seconds."))
    return None


def _resume(request: HttpRequest, web_chat: WebChat, model_admin: WebChatAdmin, _c: dict[str, Any]) -> Answer:
    web_chats.resume(web_chat)
    model_admin.log_change(request, web_chat, _("Resumed."))
    messages.success(request, _("It is open again."))
    return None


def _end(request: HttpRequest, web_chat: WebChat, model_admin: WebChatAdmin, _c: dict[str, Any]) -> Answer:
    visitor_tokens.end_all(web_chat.pk)
    model_admin.log_change(request, web_chat, _("All visits ended."))
    messages.success(request, _("All visits have ended. Everybody comes as a new visitor from now on."))
    return None


def _make_secret(
    request: HttpRequest, web_chat: WebChat, model_admin: WebChatAdmin, context: dict[str, Any]
) -> Answer:
    """Shown on this answer, and nowhere else."""
    made = identity.new_secret(web_chat.pk)
    model_admin.log_change(request, web_chat, _("New identity secret."))
    context |= {"secret": made, "text": _("Copy it now, to the server of your site. It is not shown again.")}
    response = TemplateResponse(request, "admin/chat/identity_secret.html", context)
    add_never_cache_headers(response)
    return response


def _remove_secret(
    request: HttpRequest, web_chat: WebChat, model_admin: WebChatAdmin, _c: dict[str, Any]
) -> Answer:
    """One that has leaked may have let somebody in: then all visits end with it."""
    try:
        secret = UUID(request.POST.get("secret", ""))
    except ValueError:
        return None
    identity.remove_secret(web_chat.pk, secret)
    if "leaked" in request.POST:
        visitor_tokens.end_all(web_chat.pk)
    model_admin.log_change(request, web_chat, _("Identity secret removed."))
    messages.success(request, _("The secret is removed. Nothing that is signed with it counts any more."))
    return None


def _check(request: HttpRequest, web_chat: WebChat, _m: WebChatAdmin, context: dict[str, Any]) -> Answer:
    """What it says, or why it is refused. Nothing of it is kept."""
    token = "".join(request.POST.get("token", "").split())
    if not token:
        return None
    try:
        found = identity.read(token, web_chat=web_chat.pk)
    except IdentityRefused as error:
        return _page(request, context, refused=str(error.message))
    return _page(request, context, found=found)


_BUTTONS: dict[str, Press] = {
    "pause": _pause,
    "resume": _resume,
    "end": _end,
    "secret": _make_secret,
    "remove": _remove_secret,
    "check": _check,
}
