"""The page of a web chat: the chat alone, for a frame on the sites that its web chat allows."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import get_language, override
from django.views.decorators.gzip import gzip_page
from django.views.decorators.http import require_safe

from chat import selectors
from chat.answers import files
from chat.embed.headers import PERMISSIONS, is_in_app, policy_of
from chat.embed.language import language_of
from chat.exceptions import NotFound
from chat.models import WebChat
from chat.selectors.web_chats import is_open_to_strangers, takes_files, web_chat_on_sites
from chat.services.profiles import form_of
from chat.services.sites import allowed_origins
from chat.services.visitor_tokens import ticket_for
from chat.shapes.web_chats import web_chat_shape

#: Of what the API shows of a web chat, what says nothing to its visitors.
NOT_SHOWN = ("accessType", "isActive", "inbox", "enableAnonymous", "customDomain")


@require_safe
@gzip_page
def page(request: HttpRequest, web_chat: UUID) -> HttpResponse:
    try:
        found = web_chat_on_sites(web_chat)
    except NotFound:
        raise Http404 from None
    language = language_of(request)
    user_agent = request.headers.get("User-Agent", "")
    # An app's pages have the origin null, which no list names.
    framed_by = ["*", "null"] if is_in_app(found, user_agent) else allowed_origins(found)
    with override(language):
        shown = boot(found, framed_by) if is_open_to_strangers(found) else None
        context = {"boot": shown, "name": found.name}
        response = render(request, "chat/embed.html" if shown else "chat/embed_closed.html", context)
    response["Content-Security-Policy"] = policy_of(found, user_agent)
    response["Permissions-Policy"] = PERMISSIONS
    response["Referrer-Policy"] = "no-referrer"
    response["Content-Language"] = language
    response["Cache-Control"] = "no-store"
    return response


def boot(web_chat: WebChat, framed_by: list[str]) -> dict[str, Any]:
    """What the page has to know before it connects."""
    shape = {name: value for name, value in web_chat_shape(web_chat).items() if name not in NOT_SHOWN}
    chatbot = web_chat.chatbot
    return {
        "webChat": {**shape, **_colours(web_chat.options), "backUrl": _link(shape["backUrl"])},
        "chatbot": {
            "id": str(chatbot.pk),
            "name": chatbot.name,
            "greeting": chatbot.greeting,
            "starters": chatbot.starters,
            "documents": selectors.documents_of(chatbot),
        },
        "ticket": ticket_for(web_chat),
        "allowedOrigins": framed_by,
        "form": form_of(web_chat.form),
        "limits": {
            **files.limits(files=takes_files(web_chat)),
            "messageCharacters": web_chat.message_characters or None,
        },
        "language": get_language() or "en",
        "identityEnforced": web_chat.identity_enforced,
    }


def _colours(options: Any) -> dict[str, Any]:
    """Those that somebody has set: for the others the page has better ones than the API's samples."""
    chosen = options if isinstance(options, dict) else {}
    return {
        name: theme if isinstance(theme := chosen.get(name), dict) else {} for name in ("theme", "darkTheme")
    }


def _link(address: Any) -> str:
    """An address that a link may have: no script."""
    return address if isinstance(address, str) and address.startswith(("https://", "http://")) else ""
