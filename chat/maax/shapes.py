"""Answers and histories as MAAX's clients read them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from chat.models import Message, MessageType
from chat.selectors.answers import Answer
from chat.text.html import html_of

Shape = dict[str, Any]
HTML = "html"


def answer_shape(answer: Answer, delivery: Mapping[str, str]) -> Shape:
    return {"answer": formatted(answer.text, delivery), "status": answer.status}


def history_message(message: Message, ids: Mapping[UUID, int]) -> Shape:
    """Needs what ``selectors.answers.history_of`` fetches."""
    incoming = message.type == MessageType.INCOMING
    delivery = delivery_of(message)
    return {
        "id": ids[message.pk],
        "role": "prospect" if incoming else "ai",
        "content": message.content if incoming else formatted(message.content, delivery),
        "platform": delivery.get("platform", ""),
        "output_format": delivery.get("output_format", ""),
        "created_at": message.created_at.isoformat(),
    }


def delivery_of(message: Message) -> Mapping[str, str]:
    """Where an answer goes and as what was said with its question."""
    reply = getattr(message, "reply", None)
    asked = reply.incoming if reply else message
    return asked.delivery or {}


def formatted(text: str, delivery: Mapping[str, str]) -> str:
    return html_of(text) if text and delivery.get("output_format") == HTML else text
