"""Reads. No object is reached by a bare id: the functions that end in ``_for`` fetch it *and* decide whether
this principal may see it. Absent and foreign look the same: ``NotFound``."""

from __future__ import annotations

from uuid import UUID

from django.db.models import Exists, F, OuterRef, Prefetch, Q, QuerySet

from chat.exceptions import NotFound
from chat.models import (
    Attachment,
    Chatbot,
    Conversation,
    KnowledgeFile,
    Membership,
    Message,
    MessageType,
    Reply,
    ReplyState,
    User,
)
from chat.principals import Principal

OPEN = (ReplyState.QUEUED, ReplyState.RUNNING)


def membership_of(user: User) -> Membership | None:
    """The organization in which a person acts: the one they have belonged to longest."""
    return user.memberships.select_related("organization").order_by("created_at").first()


def member_principal(user: User) -> Principal | None:
    """None: the account is inactive or belongs to no organization."""
    membership = membership_of(user) if user.is_active else None
    if membership is None:
        return None
    return Principal("member", user.pk, membership.organization_id, str(user))


def _theirs(principal: Principal) -> Q:
    """The conversations that a principal may reach."""
    match principal.kind:
        case "member":
            return Q(organization=principal.organization_id, owner=principal.id)
        case "visitor":
            return Q(organization=principal.organization_id, contact=principal.id, owner=None)
        case "key":
            return Q(organization=principal.organization_id, owner=None)
        case "system":
            return Q(organization=principal.organization_id)


def conversation_for(principal: Principal, id: UUID) -> Conversation:
    found = conversations_of(principal).filter(pk=id).first()
    if found is None:
        raise NotFound
    return found


def chatbot_for(principal: Principal, id: UUID | None) -> Chatbot:
    """The chatbot of their organization; without an id the first one there."""
    chatbots = chatbots_of(principal)
    found = (chatbots.filter(pk=id) if id else chatbots).first()
    if found is None:
        raise NotFound
    return found


def message_for(principal: Principal, id: UUID) -> Message:
    found = _messages().filter(pk=id, conversation__in=conversations_of(principal)).first()
    if found is None:
        raise NotFound
    return found


def reply_for(principal: Principal, id: UUID) -> Reply:
    found = Reply.objects.filter(pk=id, conversation__in=conversations_of(principal)).first()
    if found is None:
        raise NotFound
    return found


def attachments_for(principal: Principal, ids: list[UUID]) -> list[Attachment]:
    """Uploads of their own that are not attached to anything yet, all of them or ``NotFound``."""
    found = list(
        Attachment.objects.filter(
            pk__in=ids,
            organization=principal.organization_id,
            created_by=principal.label,
            message=None,
        )
    )
    if len(found) != len(set(ids)):
        raise NotFound
    return found


def chatbots_of(principal: Principal) -> QuerySet[Chatbot]:
    return (
        Chatbot.objects.filter(organization=principal.organization_id, is_active=True)
        .select_related("language_model")
        .order_by("created_at", "pk")
    )


def documents_of(chatbot: Chatbot) -> int:
    return KnowledgeFile.objects.filter(knowledge_base__chatbots=chatbot).count()


def conversations_of(principal: Principal) -> QuerySet[Conversation]:
    """Most recent first, each with ``busy``: whether a reply is open in it."""
    open_replies = Reply.objects.filter(conversation=OuterRef("pk"), state__in=OPEN)
    return (
        Conversation.objects.filter(_theirs(principal))
        .select_related("chatbot")
        .annotate(busy=Exists(open_replies))
        .order_by("-last_message_created_at", "-pk")
    )


def conversations_matching(principal: Principal, words: str) -> QuerySet[Conversation]:
    """Those whose title or whose messages contain the words."""
    said = Message.objects.filter(conversation=OuterRef("pk"), superseded=False, content__icontains=words)
    return conversations_of(principal).filter(Q(title__icontains=words) | Exists(said))


def messages_of(conversation: Conversation) -> QuerySet[Message]:
    """Newest first, each with its attachments, feedback and reply; superseded attempts are left out."""
    return _messages().filter(conversation=conversation, superseded=False).order_by("-position")


def _messages() -> QuerySet[Message]:
    attempts = Reply.objects.order_by("-attempt").defer("text", "reasoning", "error_detail")
    return Message.objects.select_related(
        "sender_user", "sender_contact", "feedback", "reply"
    ).prefetch_related("attachments", Prefetch("replies", queryset=attempts))


def open_replies_of(conversation: Conversation) -> list[Reply]:
    """Queued and running replies, in the order of their questions."""
    return list(
        Reply.objects.filter(conversation=conversation, state__in=OPEN)
        .annotate(position=F("outgoing__position"))
        .order_by("position")
        .defer("text", "reasoning")
    )


def newest_reply(message: Message) -> Reply | None:
    """The newest attempt to answer an incoming message; an outgoing message's own reply."""
    if message.type == MessageType.OUTGOING:
        return getattr(message, "reply", None)
    return max(message.replies.all(), key=lambda reply: reply.attempt, default=None)
