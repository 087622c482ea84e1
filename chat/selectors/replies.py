"""Attempts to answer: which are open, and which is the newest."""

from __future__ import annotations

from uuid import UUID

from django.db.models import F, Q

from chat.exceptions import NotFound
from chat.models import Conversation, Message, MessageType, Reply, ReplyState
from chat.prepared import Prepared

OPEN = (ReplyState.QUEUED, ReplyState.RUNNING)

_open_replies: Prepared[Reply] = Prepared(
    lambda conversation: (
        Reply.objects.filter(conversation=conversation, state__in=OPEN)
        .annotate(position=F("outgoing__position"))
        .order_by("position")
        .defer("text", "reasoning")
    ),
    conversation=UUID,
)


def open_replies_of(conversation: Conversation) -> list[Reply]:
    """Queued and running replies, in the order of their questions."""
    return _open_replies(conversation=conversation.pk)


_to_follow: Prepared[UUID] = Prepared(
    lambda conversation, reply: (
        Reply.objects.filter(Q(state__in=OPEN) | Q(pk=reply), conversation=conversation)
        .order_by("outgoing__position")
        .values_list("pk", flat=True)
    ),
    conversation=UUID,
    reply=UUID,
)


def replies_to_follow(conversation: Conversation, reply: UUID | None) -> list[UUID]:
    """The queued and running ones, in the order of their questions, and the one that is named, which may have
    ended. Raises ``NotFound`` if that is no reply of the conversation."""
    found = _to_follow(conversation=conversation.pk, reply=reply)
    if reply is not None and reply not in found:
        raise NotFound
    return found


def newest_reply(message: Message) -> Reply | None:
    """The newest attempt to answer an incoming message; an outgoing message's own reply."""
    if message.type == MessageType.OUTGOING:
        return getattr(message, "reply", None)
    return max(message.replies.all(), key=lambda reply: reply.attempt, default=None)
