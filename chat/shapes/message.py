"""A message as JSON, with its sender and what a reader thought of it."""

from __future__ import annotations

from chat.models import (
    ENDED,
    Attachment,
    Chatbot,
    Contact,
    Conversation,
    Feedback,
    Message,
    MessageType,
    Reply,
    ReplyState,
    User,
)
from chat.principals import Principal
from chat.selectors.replies import newest_reply
from chat.services.contacts import ANONYMOUS
from chat.shapes.attachment import attachment_shape, page_attachment
from chat.shapes.citations import rest_citation_nodes, rest_citations
from chat.shapes.reply import error_shape, reply_shape
from chat.shapes.values import Shape, milliseconds


def message_shape(message: Message, reply: Reply | None = None, *, to: Principal) -> Shape:
    """Needs the relations that ``selectors.messages_of`` fetches; ``reply`` if it is known. For who is shown
    no sources, of what it rests on the numbers are left."""
    shape = _message(
        message,
        reply or newest_reply(message),
        sender=sender(message, to),
        attachments=list(message.attachments.all()),
        feedback=getattr(message, "feedback", None),
    )
    if not to.sees_sources:
        shape |= {"citations": [], "citationNodes": numbers_alone(message.citation_nodes)}
    return shape


def numbers_alone(citation_nodes: list[Shape]) -> list[Shape]:
    """For a page that shows no sources: the text has these numbers, and the page takes them out of it."""
    return [{"number": node["number"]} for node in citation_nodes if "number" in node]


def new_message_shape(
    message: Message, reply: Reply | None, *, by: Principal, attached: list[Attachment]
) -> Shape:
    """Of a message that was stored a moment ago: nothing of it is looked up."""
    known = (
        {"id": str(by.id), "name": by.name, "avatar": None} if by.kind == "member" else sender(message, by)
    )
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
        "queryMetadata": told_metadata(message),
        "reply": reply_shape(reply) if reply else None,
    }


def rest_message(message: Message, *, personal: bool = True, sources: bool = True) -> Shape:
    """Needs the relations that ``selectors.rest_messages`` fetches. Not ``personal``, for strangers: without
    the sender's e-mail address and telephone number, and what a program keeps with it. Without ``sources``:
    as if it rested on nothing."""
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
        "citations": rest_citations(message.citations) if sources else [],
        "citationNodes": rest_citation_nodes(message.citation_nodes) if sources else [],
        "canvas": message.canvas,
        "queryMetadata": message.query_metadata if personal else told_metadata(message),
        **ending(message),
    }


def ending(message: Message) -> Shape:
    """Ours: how the reply ended whose text this is, because no other message will come. What somebody wrote
    is complete."""
    reply: Reply | None = getattr(message, "reply", None)
    return {
        "status": reply.state if reply else ReplyState.COMPLETE.value,
        "error": error_shape(reply.state, reply.error_code) if reply else None,
    }


def told_metadata(message: Message) -> Shape | None:
    """What pages and strangers are told of it: what people sent themselves. What a program keeps with a
    message is for programs."""
    return message.query_metadata if message.created_by.startswith(("member:", "visitor:")) else None


def rest_sender(message: Message, *, personal: bool) -> Shape:
    """The contact or the person who wrote it; the chatbot, if it is an answer of nobody's, and of a question
    of nobody's who its conversation is with (``conversation.nobody_row``)."""
    if contact := message.sender_contact:
        return _sender(contact, contact.name, contact.avatar, contact if personal else None)
    if user := message.sender_user:
        return _sender(user, str(user), "", None)
    if message.type == MessageType.OUTGOING:
        chatbot = message.conversation.chatbot
        return _sender(chatbot, chatbot.name, "", None)
    return _sender(message.conversation, ANONYMOUS, "", None)


def _sender(
    who: Contact | User | Chatbot | Conversation, name: str, avatar: str, reached: Contact | None
) -> Shape:
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


def sender(message: Message, to: Principal) -> Shape | None:
    """A visitor of whom no site has signed who they are is not told how their contact is known here."""
    if message.sender_contact:
        contact = message.sender_contact
        if to.visit and not to.visit.verified:
            return {"id": str(contact.pk), "name": to.name, "avatar": None}
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
