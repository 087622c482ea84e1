"""Reads. No object is reached by a bare id: the functions that end in ``_for`` fetch it *and* decide whether
this principal may see it. Absent and foreign look the same: ``NotFound``."""

from chat.selectors.attachments import (
    attachment_for,
    attachment_of_file,
    attachments_for,
    attachments_of,
    upload_for,
)
from chat.selectors.chatbots import chatbot_for, chatbots_in, chatbots_of, documents_of
from chat.selectors.conversations import conversation_for, conversations_of, rest_conversations
from chat.selectors.inboxes import inboxes_of, replies_now, unread_in
from chat.selectors.messages import message_for, messages_of, reply_for, reply_to_read, rest_messages
from chat.selectors.people import active_member, member_principal, membership_of
from chat.selectors.replies import OPEN, newest_reply, open_replies_of, replies_to_follow

__all__ = [
    "OPEN",
    "active_member",
    "attachment_for",
    "attachment_of_file",
    "attachments_for",
    "attachments_of",
    "chatbot_for",
    "chatbots_in",
    "chatbots_of",
    "conversation_for",
    "conversations_of",
    "documents_of",
    "inboxes_of",
    "member_principal",
    "membership_of",
    "message_for",
    "messages_of",
    "newest_reply",
    "open_replies_of",
    "replies_now",
    "replies_to_follow",
    "reply_for",
    "reply_to_read",
    "rest_conversations",
    "rest_messages",
    "unread_in",
    "upload_for",
]
