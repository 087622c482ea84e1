"""Strangers: which web chats are open to them, and as whom they act in the conversations begun there.

A stranger is known by nothing but the id of a conversation, which has 122 random bits and is told only to
whoever began it.
"""

from __future__ import annotations

from collections.abc import Iterable
from uuid import UUID

from django.db.models import QuerySet

from chat.exceptions import NotFound
from chat.models import AccessType, Conversation, Visitor, WebChat
from chat.principals import Principal
from chat.selectors.web_chats import shows_sources


def web_chats_open_to(principal: Principal | None) -> QuerySet[WebChat]:
    """Those in which they may begin a conversation: the organization's, or a stranger's if it is let in: not
    where the site has to sign who its visitors are."""
    active = WebChat.objects.filter(is_active=True, chatbot__is_active=True).select_related(
        "inbox", "chatbot"
    )
    if principal is None:
        return active.filter(enable_anonymous=True, access_type=AccessType.WEB, identity_enforced=False)
    return active.filter(organization=principal.organization_id)


def web_chat_for(principal: Principal | None, id: UUID) -> WebChat:
    found = web_chats_open_to(principal).filter(pk=id).first()
    if found is None:
        raise NotFound
    return found


def stored_visitors(ids: Iterable[UUID]) -> set[UUID]:
    """Those that have written on an embedded page, or whose site has signed who they are. Whoever only has a
    first token, or calls the API without a key, is not among them."""
    return set(Visitor.objects.filter(pk__in=ids).values_list("pk", flat=True))


def visitor_for(conversation: UUID) -> Principal:
    """Who a stranger is in a conversation that strangers began, while its web chat still lets them in."""
    found = (
        Conversation.objects.filter(
            pk=conversation,
            owner=None,
            created_by__startswith="visitor:",
            inbox__web_chat__in=web_chats_open_to(None),
        )
        .select_related("contact", "inbox__web_chat")
        .first()
    )
    if found is None or found.contact is None or found.inbox is None:
        raise NotFound
    stranger = Principal(
        "visitor",
        found.contact.pk,
        found.organization_id,
        found.contact.name,
        sees_sources=shows_sources(found.inbox.web_chat),
    )
    if found.created_by != stranger.label:
        raise NotFound  # begun on an embedded page: there it takes the token
    return stranger
