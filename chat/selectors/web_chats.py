"""The web chats of an organization, and what strangers may know of them."""

from __future__ import annotations

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
    """One of the organization's; for strangers one in which they may write."""
    if principal is None:
        open_ones = WebChat.objects.filter(pk=id, **OPEN_TO_STRANGERS)
        found = open_ones.select_related("inbox", "chatbot").first()
    else:
        found = web_chats_of(principal).filter(pk=id).first()
    if found is None:
        raise NotFound
    return found
