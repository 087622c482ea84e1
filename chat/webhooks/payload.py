"""What a webhook says: the message as the REST API shows it, with the names that receivers look for."""

from __future__ import annotations

import json
from typing import Any
from uuid import UUID

from django.utils import timezone

from chat.models import Chatbot, Message, ReplyState
from chat.shapes import milliseconds, rest_message

#: A record keeps so much of what was sent; of a longer one it keeps the beginning of the text.
KEPT_BYTES = 16 * 1024
KEPT_CHARACTERS = 2000


def payload(message: Message) -> dict[str, Any]:
    """Needs ``message.conversation.chatbot`` and what ``rest_message`` needs.

    Receivers in use look for the conversation under three names, and for the time under two.
    """
    shape = rest_message(message)
    return {
        **shape,
        "conversationId": shape["conversation"],
        "conversation_id": shape["conversation"],
        "created_at": shape["createdAt"],
    }


#: The ``type`` of a call that tells of no message.
TRIAL = "test"


def trial(chatbot: Chatbot, id: UUID) -> dict[str, Any]:
    """What a receiver gets when somebody tries it: every name that a message has, and a ``type`` that none
    has."""
    now = milliseconds(timezone.now())
    sender = {"id": chatbot.pk.int, "name": chatbot.name, "avatar": "", "email": None, "phoneNumber": None}
    return {
        "id": str(id),
        **dict.fromkeys(("conversation", "conversationId", "conversation_id")),
        "type": TRIAL,
        "sender": sender,
        "content": "This is a test of the webhook.",
        **dict.fromkeys(("contentPayload", "feedback", "canvas", "queryMetadata", "error")),
        **dict.fromkeys(("createdAt", "created_at"), now),
        **{name: [] for name in ("attachments", "citations", "citationNodes")},
        "status": ReplyState.COMPLETE.value,
    }


def encoded(payload: dict[str, Any]) -> bytes:
    """JSON in UTF-8. Not orjson's, which knows no integers of 128 bits."""
    return json.dumps(payload, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "replace")


def kept(body: bytes) -> dict[str, Any]:
    """What the record of a call keeps of its body."""
    sent: dict[str, Any] = json.loads(body)
    if len(body) <= KEPT_BYTES:
        return sent
    short = {name: sent[name] for name in ("id", "conversation", "sender", "type", "createdAt", "status")}
    return {**short, "content": sent["content"][:KEPT_CHARACTERS] + "…", "shortened": True}
