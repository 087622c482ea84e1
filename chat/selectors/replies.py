"""Attempts to answer: which are open, and which is the newest."""

from __future__ import annotations

from uuid import UUID

from django.db.models import F

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


def newest_reply(message: Message) -> Reply | None:
    """The newest attempt to answer an incoming message; an outgoing message's own reply."""
    if message.type == MessageType.OUTGOING:
        return getattr(message, "reply", None)
    return max(message.replies.all(), key=lambda reply: reply.attempt, default=None)
