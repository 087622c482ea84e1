from chat.models.api_key import ApiKey
from chat.models.chatbot import Chatbot, LanguageModel, Provider
from chat.models.conversation import Conversation
from chat.models.inbox import AccessType, ChannelType, Contact, ContactInbox, Inbox, WebChat
from chat.models.integer_id import IntegerId
from chat.models.job import Job, JobState
from chat.models.knowledge import FileStatus, KnowledgeBase, KnowledgeFile, Passage
from chat.models.message import (
    Attachment,
    AttachmentType,
    Feedback,
    FeedbackType,
    Message,
    MessageType,
    Upload,
)
from chat.models.organization import Invitation, Membership, Organization, Role
from chat.models.people import User
from chat.models.reply import ENDED, ProcessLease, Reply, ReplyState
from chat.models.usage import EVERYBODY, DailyUsage, seconds_of_today, today
from chat.models.visitor import IdentitySecret, Visitor, VisitorToken
from chat.models.webhook import WebhookRecord

__all__ = [
    "ENDED",
    "EVERYBODY",
    "AccessType",
    "ApiKey",
    "Attachment",
    "AttachmentType",
    "ChannelType",
    "Chatbot",
    "Contact",
    "ContactInbox",
    "Conversation",
    "DailyUsage",
    "Feedback",
    "FeedbackType",
    "FileStatus",
    "IdentitySecret",
    "Inbox",
    "IntegerId",
    "Invitation",
    "Job",
    "JobState",
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
    "Upload",
    "User",
    "Visitor",
    "VisitorToken",
    "WebChat",
    "WebhookRecord",
    "seconds_of_today",
    "today",
]
