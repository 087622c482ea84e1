"""Records of a chatbot as JSON: its exchanges with people, and the calls to its webhook."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from chat.models import Reply, ReplyState, WebhookRecord
from chat.shapes.message import feedback_shape
from chat.shapes.reply import error_sentence
from chat.shapes.values import Shape, milliseconds
from chat.text.words import count_words

#: How an answer can be measured. Nothing measures them yet, so they are null.
SCORES = (
    "faithfulness",
    "answerRelevancy",
    "contextPrecision",
    "answerCorrectness",
    "answerSimilarity",
    "contextRecall",
)
NO_SCORES: dict[str, None] = {
    name: None for score in SCORES for name in (f"{score}Score", f"display{score[0].upper()}{score[1:]}Score")
}


def record_shape(reply: Reply) -> Shape:
    """Needs what ``selectors.records.whole_records`` fetches. Its id is the answer's."""
    question, answer = reply.incoming, reply.outgoing
    return {
        "id": str(answer.pk),
        "senderName": sender_name(reply),
        "feedback": feedback_shape(getattr(answer, "feedback", None)),
        "inputMessage": question.content,
        "condenseMessage": None,
        "outputMessage": answer.content,
        **NO_SCORES,
        "replyTime": reply_time(reply.queued_at, reply.ended_at),
        "createdAt": milliseconds(question.created_at),
        "error": error_of(reply),
        "processingTime": processing_time(reply),
        "usage": usage(reply),
        "citationNodes": list(passages(answer.citation_nodes)),
        "context": context(answer.citation_nodes) or None,
    }


def sender_name(reply: Reply) -> str:
    """Of whoever asked; else of the contact whose conversation it is."""
    if user := reply.incoming.sender_user:
        return str(user)
    contact = reply.incoming.sender_contact or reply.conversation.contact
    return contact.name if contact else ""


def error_of(reply: Reply) -> str | None:
    failed = reply.state in (ReplyState.FAILED, ReplyState.INTERRUPTED)
    return error_sentence(reply.error_code) if failed else None


def reply_time(queued_at: datetime | None, ended_at: datetime | None) -> str | None:
    """Seconds from the question to the end of the answer, as a text."""
    seconds = between(queued_at, ended_at)
    return None if seconds is None else f"{seconds:.2f}"


def processing_time(reply: Reply) -> Shape:
    """Seconds of each stage; null: it was never reached."""
    return {
        "queued": between(reply.queued_at, reply.started_at),
        "firstToken": between(reply.started_at, reply.first_token_at),
        "generation": between(reply.first_token_at, reply.ended_at),
        "total": between(reply.queued_at, reply.ended_at),
    }


def between(since: datetime | None, until: datetime | None) -> float | None:
    """Seconds, never negative: not all times are by the same clock."""
    if since is None or until is None:
        return None
    return round(max(0.0, (until - since).total_seconds()), 3)


def usage(reply: Reply) -> Shape:
    """Words as we count them, and tokens as the model's endpoint did, if it did."""
    counted = reply.usage or {}
    return {
        "inputWords": count_words(reply.incoming.content),
        "outputWords": count_words(reply.outgoing.content),
        "promptTokens": counted.get("promptTokens"),
        "completionTokens": counted.get("completionTokens"),
    }


def passages(nodes: list[dict[str, Any]]) -> Iterator[dict[str, str]]:
    """What an answer cites, flat."""
    for node in nodes or ():
        passage: Any = node.get("chatbotTextNode") or {}
        yield {"id": str(passage.get("id") or ""), "text": str(passage.get("text") or "")}


def context(nodes: list[dict[str, Any]]) -> str:
    """The texts of what an answer cites, one after another."""
    return "\n\n".join(passage["text"] for passage in passages(nodes))


def webhook_record_shape(record: WebhookRecord, chatbot: Shape) -> Shape:
    """``chatbot`` is the whole one, the same in all records of a list. The last two are ours: why there is no
    status, and which attempt it was."""
    return {
        "id": str(record.pk),
        "chatbot": chatbot,
        "url": record.url,
        "requestBody": record.request_body,
        "response": record.response,
        "statusCode": record.status_code,
        "createdAt": milliseconds(record.created_at),
        "error": record.error or None,
        "attempt": record.attempt,
    }
