"""A page on another origin of this server that has a web chat as a site would have it, for whoever is about
to put it on theirs. With one public address there is no other origin, and no such page."""

from __future__ import annotations

from uuid import UUID

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from chat.answers.policy import STRICT
from chat.exceptions import NotFound
from chat.selectors.web_chats import web_chat_on_sites

WAYS = ("script", "iframe", "inline")


@require_safe
def preview(request: HttpRequest, web_chat: UUID) -> HttpResponse:
    """The chat comes from the other origin, so that the browser treats this page as a site."""
    here = f"{request.scheme}://{request.get_host()}"
    others = [origin for origin in settings.PUBLIC_ORIGINS if origin != here]
    way = request.GET.get("as", "script")
    if here not in settings.PUBLIC_ORIGINS or not others or way not in WAYS:
        raise Http404
    try:
        found = web_chat_on_sites(web_chat)
    except NotFound:
        raise Http404 from None
    chat = others[0]
    response = render(request, "chat/preview.html", {"chat": chat, "web_chat": found, "way": way})
    changes = {
        "script-src": f"'self' {chat}",
        "frame-src": chat,
        "frame-ancestors": " ".join(others),
    }
    policy = STRICT | changes
    response["Content-Security-Policy"] = "; ".join(f"{name} {value}" for name, value in policy.items())
    response["Cache-Control"] = "no-store"
    return response
