"""Exchanges of contacts with a chatbot, as many as wanted. As a program it runs in a server's environment:
``python -m tests.api.exchanges 1000 200`` makes 1,000 with alice's chatbot, whose answers have 200 words."""

from __future__ import annotations

import os
import sys
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING
from uuid import uuid4

if __name__ == "__main__":
    import django

    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    django.setup()

from django.db.models import OuterRef, Subquery

from chat.models import Contact, Conversation, Feedback, Message, MessageType, Reply, ReplyState
from tests import people

if TYPE_CHECKING:
    from chat.models import Chatbot

BEGAN = datetime(2026, 3, 1, 12, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
IN_ONE = 5
PASSAGE = {"id": "7f1d3b8e-0000-4000-8000-000000000001", "text": "Parcels take two days.", "title": "Parcels"}


def make_exchanges(
    chatbot: Chatbot, count: int, *, words: int = 5, name: str = "Ada", apart: timedelta = MINUTE
) -> list[Reply]:
    """Five in each conversation, so far apart from ``BEGAN`` on; the oldest first."""
    contact = Contact.objects.create(organization=chatbot.organization, name=name)
    conversations = [
        Conversation(organization=chatbot.organization, chatbot=chatbot, contact=contact, created_by="test")
        for _ in range(-(-count // IN_ONE))
    ]
    Conversation.objects.bulk_create(conversations, batch_size=1000)
    replies = [
        exchange(conversations[number // IN_ONE], number, f"Question {number}?", f"Answer {number}. " * words)
        for number in range(count)
    ]
    times = [BEGAN + apart * number for number in range(count)]
    store(replies, times)
    return replies


def exchange(conversation: Conversation, number: int, question: str, answer: str) -> Reply:
    position = number % IN_ONE * 2 + 1
    return Reply(
        conversation=conversation,
        incoming=message(conversation, MessageType.INCOMING, position, question),
        outgoing=message(conversation, MessageType.OUTGOING, position + 1, answer),
        state=ReplyState.COMPLETE,
        asked_by="test",
        usage={"promptTokens": 12, "completionTokens": 34},
    )


def message(conversation: Conversation, type: str, position: int, content: str) -> Message:
    asks = type == MessageType.INCOMING
    return Message(
        id=uuid4(),
        conversation=conversation,
        position=position,
        type=type,
        created_by="test",
        sender_contact=conversation.contact if asks else None,
        content=content,
        citation_nodes=[] if asks else [{"number": 1, "score": 0.9, "chatbotTextNode": PASSAGE}],
    )


def store(replies: list[Reply], times: list[datetime]) -> None:
    """Each asked at its time, begun after 0.25 s, with a first word after 1 s and an end after 3.5 s."""
    messages = []
    for reply, at in zip(replies, times, strict=True):
        messages += [reply.incoming, reply.outgoing]
        reply.queued_at = at
        reply.started_at = at + timedelta(seconds=0.25)
        reply.first_token_at = at + timedelta(seconds=1)
        reply.ended_at = at + timedelta(seconds=3.5)
    Message.objects.bulk_create(messages, batch_size=1000)
    Reply.objects.bulk_create(replies, batch_size=1000)
    asked_at = Reply.objects.filter(incoming=OuterRef("pk")).values("queued_at")[:1]
    asked = Reply.objects.filter(asked_by="test").values("incoming")
    Message.objects.filter(pk__in=asked).update(created_at=Subquery(asked_at))
    Feedback.objects.bulk_create(
        [Feedback(message=reply.outgoing, type="like", created_by="test") for reply in replies[::10]],
        batch_size=1000,
    )


if __name__ == "__main__":
    make_exchanges(people.chatbot_of(people.alice()), int(sys.argv[1]), words=int(sys.argv[2]))
