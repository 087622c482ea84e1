"""A conversation as JSON: the sidebar's row, and the REST API's object with all that belongs to it."""

from __future__ import annotations

from chat.models import Contact, Conversation, Inbox, Message
from chat.selectors.inboxes import replies_now
from chat.services.contacts import ANONYMOUS
from chat.shapes.message import ending, feedback_shape, told_metadata
from chat.shapes.values import Shape, milliseconds


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


def rest_conversation(conversation: Conversation, *, unread: int = 0, personal: bool = True) -> Shape:
    """Needs the relations that ``selectors.rest_conversations`` fetches; ``unread`` is the number of the
    inbox's conversations that wait to be read. Not ``personal``, for strangers: without the address of who
    began it and without what is set here."""
    inbox, last = conversation.inbox, conversation.last_message
    return {
        "id": str(conversation.pk),
        "contact": contact_row(conversation.contact) if conversation.contact else nobody_row(conversation),
        "inbox": inbox_row(inbox, unread) if inbox else None,
        "title": conversation.title,
        "lastMessage": light_message(last, personal=personal) if last else None,
        "lastMessageCreatedAt": milliseconds(conversation.last_message_created_at),
        "unreadMessagesCount": conversation.unread_messages_count,
        "autoReplyEnabled": conversation.auto_reply_enabled,
        "isAutoReplyNow": replies_now(conversation),
        "lastReadAt": milliseconds(conversation.last_read_at),
        "createdAt": milliseconds(conversation.created_at),
        "isGroupChat": conversation.is_group_chat,
        "enableGroupMention": conversation.enable_group_mention,
        "enableLoadingAnimation": True,
        "queryMetadata": conversation.query_metadata if personal else None,
        "toolMask": conversation.tool_mask if personal else None,
        "llm": str(conversation.llm_id) if conversation.llm_id and personal else None,
        "ipAddress": conversation.ip_address if personal else None,
        "ipRecordedAt": milliseconds(conversation.ip_recorded_at) if personal else None,
    }


def contact_row(contact: Contact) -> Shape:
    return {
        "id": str(contact.pk),
        "name": contact.name,
        "avatar": contact.avatar,
        "sourceId": contact.source_id,
        "createdAt": milliseconds(contact.created_at),
    }


def nobody_row(conversation: Conversation) -> Shape:
    """In the place of a contact, which clients of this API read of each conversation: one that a program
    began without saying for whom has none, and is not to fill the list of contacts. The id is the
    conversation's."""
    return {
        "id": str(conversation.pk),
        "name": ANONYMOUS,
        "avatar": "",
        "sourceId": "",
        "createdAt": milliseconds(conversation.created_at),
    }


def inbox_row(inbox: Inbox, unread: int) -> Shape:
    return {
        "id": str(inbox.pk),
        "name": inbox.name,
        "channelType": inbox.channel_type,
        "unreadConversationsCount": unread,
        "signAuth": None,
    }


def light_message(message: Message, *, personal: bool) -> Shape:
    return {
        "id": str(message.pk),
        "type": message.type,
        "content": message.content,
        "contentPayload": message.content_payload,
        "feedback": feedback_shape(getattr(message, "feedback", None)),
        "createdAt": milliseconds(message.created_at),
        "queryMetadata": message.query_metadata if personal else told_metadata(message),
        **ending(message),
    }
