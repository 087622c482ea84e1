from chat.models.api_key import ApiKey
from chat.models.chatbot import Chatbot, LanguageModel, Provider
from chat.models.conversation import Conversation
from chat.models.inbox import ChannelType, Contact, Inbox, WebChat
from chat.models.job import Job
from chat.models.knowledge import FileStatus, KnowledgeBase, KnowledgeFile, Passage
from chat.models.message import (
    Attachment,
    AttachmentType,
    Feedback,
    FeedbackType,
    Message,
    MessageType,
)
from chat.models.organization import Invitation, Membership, Organization, Role
from chat.models.people import User
from chat.models.reply import ENDED, ProcessLease, Reply, ReplyState

__all__ = [
    "ENDED",
    "ApiKey",
    "Attachment",
    "AttachmentType",
    "ChannelType",
    "Chatbot",
    "Contact",
    "Conversation",
    "Feedback",
    "FeedbackType",
    "FileStatus",
    "Inbox",
    "Invitation",
    "Job",
    "KnowledgeBase",
    "KnowledgeFile",
    "LanguageModel",
    "Membership",
    "Message",
    "MessageType",
    "Organization",
    "Passage",
    "ProcessLease",
    "Provider",
    "Reply",
    "ReplyState",
    "Role",
    "User",
    "WebChat",
]
