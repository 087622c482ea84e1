"""The JSON shapes of conversations and messages, as the REST API names them (camelCase, times as strings of
milliseconds). Socket frames and the page's own views use the same, with ``reply`` added."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.utils.translation import gettext as _

from chat.models import ENDED, Conversation, Feedback, Message, MessageType, Reply, ReplyState
from chat.selectors import newest_reply

Shape = dict[str, Any]

#: Errors after which the same message may be asked again with some hope.
NOT_RETRYABLE = {"upstream_too_long", "forbidden", "not_found", "bad_request", "too_large"}


def milliseconds(moment: datetime | None) -> str | None:
    return str(int(moment.timestamp() * 1000)) if moment else None


def conversation_row(conversation: Conversation) -> Shape:
    """A row of the sidebar. Needs the ``busy`` of ``conversations_of``."""
    return {
        "id": str(conversation.pk),
        "title": conversation.title,
        "chatbot": {"id": str(conversation.chatbot_id), "name": conversation.chatbot.name},
        "lastMessageCreatedAt": milliseconds(conversation.last_message_created_at),
        "createdAt": milliseconds(conversation.created_at),
        "unreadMessagesCount": conversation.unread_messages_count,
        "autoReplyEnabled": conversation.auto_reply_enabled,
        "busy": bool(getattr(conversation, "busy", False)),
    }


def message_shape(message: Message, reply: Reply | None = None) -> Shape:
    """Needs the relations that ``selectors.messages_of`` fetches; ``reply`` if it is known."""
    reply = reply or newest_reply(message)
    return {
        "id": str(message.pk),
        "conversation": str(message.conversation_id),
        "type": message.type,
        "sender": sender(message),
        "content": content(message, reply),
        "contentPayload": message.content_payload,
        "feedback": feedback_shape(getattr(message, "feedback", None)),
        "createdAt": milliseconds(message.created_at),
        "attachments": [
            {"id": str(one.pk), "type": one.type, "filename": one.filename, "file": one.file.url}
            for one in message.attachments.all()
        ],
        "citations": message.citations,
        "citationNodes": message.citation_nodes,
        "canvas": message.canvas,
        "queryMetadata": message.query_metadata,
        "reply": reply_shape(reply) if reply else None,
    }


def content(message: Message, reply: Reply | None) -> str:
    """A running reply's text so far, as stored; it covers ``reply.seq``."""
    if message.type == MessageType.OUTGOING and reply and reply.state not in ENDED:
        return reply.text
    return message.content


def sender(message: Message) -> Shape | None:
    if message.sender_contact:
        contact = message.sender_contact
        return {"id": str(contact.pk), "name": contact.name, "avatar": contact.avatar or None}
    if message.sender_user:
        return {"id": str(message.sender_user.pk), "name": str(message.sender_user), "avatar": None}
    return None


def feedback_shape(feedback: Feedback | None) -> Shape | None:
    if feedback is None:
        return None
    return {
        "id": str(feedback.pk),
        "type": feedback.type,
        "suggestion": feedback.suggestion,
        "updatedAt": milliseconds(feedback.updated_at),
    }


def reply_shape(reply: Reply) -> Shape:
    return {
        "id": str(reply.pk),
        "message": str(reply.outgoing_id),
        "state": reply.state,
        "attempt": reply.attempt,
        "seq": reply.seq,
        "error": error_shape(reply.state, reply.error_code),
        "stopRequested": reply.stop_requested_at is not None,
    }


def error_shape(state: str, code: str) -> Shape | None:
    if state not in (ReplyState.FAILED, ReplyState.INTERRUPTED):
        return None
    return {"code": code, "message": error_sentence(code), "retryable": code not in NOT_RETRYABLE}


def error_sentence(code: str) -> str:
    """What happened and what is safe, for programs; pages have their own wording for each code."""
    sentences = {
        "upstream_unreachable": _("The model is not reachable. Your message is saved."),
        "upstream_timeout": _("The model took too long. What came is saved."),
        "upstream_timeout_first": _("The model did not begin to answer in time. Your message is saved."),
        "upstream_stalled": _("The model stopped answering part-way. What came is saved."),
        "upstream_cut": _("The connection to the model was cut part-way. What came is saved."),
        "upstream_bad_data": _("The model sent something that could not be read. What came is saved."),
        "upstream_busy": _("The model is busy. Your message is saved."),
        "upstream_error": _("The model answered with an error. Your message is saved."),
        "upstream_too_long": _("The reply became too long and was cut. What came is saved."),
        "worker_lost": _("The server restarted part-way. What came is saved."),
    }
    return sentences.get(code, _("The reply could not be made. Your message is saved."))
