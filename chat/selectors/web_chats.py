"""The web chats of an organization, and what strangers may know of them."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any
from uuid import UUID

from django.db.models import QuerySet

from chat.exceptions import NotFound
from chat.models import AccessType, WebChat
from chat.principals import Principal

#: What a web chat has in which strangers may write.
OPEN_TO_STRANGERS: dict[str, Any] = {
    "is_active": True,
    "chatbot__is_active": True,
    "enable_anonymous": True,
    "access_type": AccessType.WEB,
}


def web_chats_of(principal: Principal) -> QuerySet[WebChat]:
    """Oldest first, each with its inbox and its chatbot."""
    return (
        WebChat.objects.filter(organization=principal.organization_id)
        .select_related("inbox", "chatbot")
        .order_by("created_at", "pk")
    )


def web_chat_to_show(principal: Principal | None, id: UUID) -> WebChat:
    """One of the organization's; for strangers one that visitors may use."""
    if principal is None:
        open_ones = WebChat.objects.filter(pk=id, **OPEN_TO_STRANGERS)
        found = open_ones.select_related("inbox", "chatbot").first()
    else:
        found = web_chats_of(principal).filter(pk=id).first()
    if found is None:
        raise NotFound
    return found


#: Of a web chat and its chatbot, what it takes to let a visitor in: the rest is large or encrypted.
_FOR_VISITORS = (
    *("organization_id", "inbox_id", "chatbot_id", "generation", "identity_enforced", "form", "options"),
    *("allowed_origins", "chatbot__is_active"),
)


def open_web_chat(id: UUID) -> WebChat:
    """One that visitors may use on sites."""
    found = (
        WebChat.objects.filter(pk=id, **OPEN_TO_STRANGERS)
        .select_related("chatbot")
        .only(*_FOR_VISITORS)
        .first()
    )
    if found is None:
        raise NotFound
    return found


def web_chat_on_sites(id: UUID) -> WebChat:
    """With its chatbot; also one that is closed at the moment (``is_open_to_strangers``)."""
    found = WebChat.objects.filter(pk=id, access_type=AccessType.WEB).select_related("chatbot").first()
    if found is None:
        raise NotFound
    return found


def is_open_to_strangers(web_chat: WebChat) -> bool:
    return web_chat.is_active and web_chat.enable_anonymous and web_chat.chatbot.is_active


def shows_sources(web_chat: WebChat) -> bool:
    """Whether its visitors see what replies rest on."""
    options = web_chat.options if isinstance(web_chat.options, dict) else {}
    return bool(options.get("enableDisplayCitations", True))


def takes_files(web_chat: WebChat) -> bool:
    """Whether its visitors may attach files."""
    options = web_chat.options if isinstance(web_chat.options, dict) else {}
    return bool(options.get("enableFileUpload", True))


def open_web_chats(ids: Iterable[UUID]) -> dict[UUID, WebChat]:
    """Those of them that visitors may use on sites, by id."""
    rows = WebChat.objects.filter(pk__in=set(ids), **OPEN_TO_STRANGERS)
    return rows.only("generation", "identity_enforced", "allowed_origins", "options").in_bulk()
