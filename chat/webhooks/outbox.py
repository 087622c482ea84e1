"""What puts a webhook into the queue, in the transaction that stores what it tells."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any
from uuid import UUID

from chat.jobs.queue import enqueue_all
from chat.models import Chatbot, Conversation

KIND = "webhook"


def announce(conversation: Conversation, message: UUID) -> None:
    """An outgoing message has its content: its webhook is queued with it, or neither. Asks the database
    nothing when the conversation's chatbot is loaded and has no webhook."""
    announce_all([(conversation, message)])


def announce_all(arrived: Iterable[tuple[Conversation, UUID]]) -> None:
    """The same for messages of several conversations."""
    jobs = {
        str(message): job_of(conversation.chatbot_id, message)
        for conversation, message in arrived
        if hears_of(conversation.chatbot, conversation)
    }
    enqueue_all(KIND, jobs)


def hears_of(chatbot: Chatbot, conversation: Conversation) -> bool:
    """Whether the chatbot and its webhook are on, and for conversations like this one."""
    on = chatbot.is_active and bool(chatbot.webhook_url) and chatbot.webhook_gone_at is None
    return on and (conversation.owner_id is None or chatbot.webhook_for_members)


def job_of(chatbot: UUID, message: UUID) -> dict[str, Any]:
    return {"chatbot": str(chatbot), "message": str(message)}
