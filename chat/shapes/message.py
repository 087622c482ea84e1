"""A message as JSON, with its sender and what a reader thought of it."""

from __future__ import annotations

from chat.models import (
    ENDED,
    Attachment,
    Chatbot,
    Contact,
    Feedback,
    Message,
    MessageType,
    Reply,
    User,
)
from chat.principals import Principal
from chat.selectors.replies import newest_reply
from chat.shapes.attachment import attachment_shape, page_attachment
from chat.shapes.reply import reply_shape
from chat.shapes.values import Shape, milliseconds


def message_shape(message: Message, reply: Reply | None = None, *, sources: bool = True) -> Shape:
    """Needs the relations that ``selectors.messages_of`` fetches; ``reply`` if it is known. Without
    ``sources`` of what it rests on the numbers are left."""
    shape = _message(
        message,
        reply or newest_reply(message),
        sender=sender(message),
        attachments=list(message.attachments.all()),
        feedback=getattr(message, "feedback", None),
    )
    if not sources:
        shape |= {"citations": [], "citationNodes": numbers_alone(message.citation_nodes)}
    return shape


def numbers_alone(citation_nodes: list[Shape]) -> list[Shape]:
    """For a page that shows no sources: the text has these numbers, and the page takes them out of it."""
    return [{"number": node["number"]} for node in citation_nodes if "number" in node]


def new_message_shape(
    message: Message, reply: Reply | None, *, by: Principal, attached: list[Attachment]
) -> Shape:
    """Of a message that was stored a moment ago: nothing of it is looked up."""
    known = {"id": str(by.id), "name": by.name, "avatar": None} if by.kind == "member" else sender(message)
    return _message(message, reply, sender=known, attachments=attached, feedback=None)


def _message(
    message: Message,
    reply: Reply | None,
    *,
    sender: Shape | None,
    attachments: list[Attachment],
    feedback: Feedback | None,
) -> Shape:
    return {
        "id": str(message.pk),
        "conversation": str(message.conversation_id),
        "position": message.position,
        "type": message.type,
        "sender": sender,
        "content": content(message, reply),
        "contentPayload": message.content_payload,
        "feedback": feedback_shape(feedback),
        "createdAt": milliseconds(message.created_at),
        "attachments": [page_attachment(one) for one in attachments],
        "citations": message.citations,
        "citationNodes": message.citation_nodes,
        "canvas": message.canvas,
        "queryMetadata": message.query_metadata,
        "reply": reply_shape(reply) if reply else None,
    }


def rest_message(message: Message, *, personal: bool = True, sources: bool = True) -> Shape:
    """Needs the relations that ``selectors.rest_messages`` fetches. Not ``personal``, for strangers: without
    the sender's e-mail address and telephone number. Without ``sources``: as if it rested on nothing."""
    return {
        "id": str(message.pk),
        "conversation": str(message.conversation_id),
        "sender": rest_sender(message, personal=personal),
        "type": message.type,
        "content": message.content,
        "contentPayload": message.content_payload,
        "feedback": feedback_shape(getattr(message, "feedback", None)),
        "createdAt": milliseconds(message.created_at),
        "attachments": [attachment_shape(one) for one in message.attachments.all()],
        "citations": message.citations if sources else [],
        "citationNodes": message.citation_nodes if sources else [],
        "canvas": message.canvas,
        "queryMetadata": message.query_metadata,
    }


def rest_sender(message: Message, *, personal: bool) -> Shape | None:
    """The contact or the person who wrote it; the chatbot, if it is an answer of nobody's."""
    if contact := message.sender_contact:
        return _sender(contact, contact.name, contact.avatar, contact if personal else None)
    if user := message.sender_user:
        return _sender(user, str(user), "", None)
    if message.type == MessageType.OUTGOING:
        chatbot = message.conversation.chatbot
        return _sender(chatbot, chatbot.name, "", None)
    return None


def _sender(who: Contact | User | Chatbot, name: str, avatar: str, reached: Contact | None) -> Shape:
    """The id is a number of 128 bits: clients of this API know it as one."""
    return {
        "id": who.pk.int,
        "name": name,
        "avatar": avatar,
        "email": (reached.email or None) if reached else None,
        "phoneNumber": (reached.phone_number or None) if reached else None,
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
