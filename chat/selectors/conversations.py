"""Which conversations a principal may reach, and those of them that match."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import TypeVar
from uuid import UUID

from django.db.models import Exists, Model, OuterRef, Q, QuerySet

from chat.exceptions import NotFound
from chat.models import Conversation, Reply, Visitor
from chat.prepared import Prepared
from chat.principals import Kind, Principal
from chat.selectors.replies import OPEN

Row = TypeVar("Row", bound=Model)
#: Of the many columns of a conversation and what belongs to it, those that the REST API shows: reading all of
#: them takes half as long again.
SHOWN = (
    *("inbox_id", "contact_id", "title", "last_message_id", "last_message_created_at", "last_read_at"),
    *("unread_messages_count", "auto_reply_enabled", "is_group_chat", "enable_group_mention", "created_at"),
    *("query_metadata", "tool_mask", "llm_id", "ip_address", "ip_recorded_at"),
    *(f"contact__{name}" for name in ("name", "avatar", "source_id", "created_at")),
    *(f"inbox__{name}" for name in ("name", "channel_type", "auto_reply_schedules")),
    *("chatbot_id", "chatbot__is_active"),
    *(f"last_message__{name}" for name in ("type", "content", "content_payload", "query_metadata")),
    *("last_message__created_at", "last_message__created_by"),
    *(f"last_message__feedback__{name}" for name in ("type", "suggestion", "updated_at")),
    *(f"last_message__reply__{name}" for name in ("state", "error_code")),
)


def theirs(principal: Principal, *, of: str = "") -> Q:
    """The conversations that a principal may reach; ``of="conversation__"`` for what belongs to them."""
    mine: dict[str, UUID | str | None] = {"organization": principal.organization_id}
    match principal.kind:
        case "member":
            mine["owner"] = principal.id
        case "visitor":
            mine |= {"contact": principal.contact_id, "owner": None}
            if (visit := principal.visit) is None or not visit.verified:
                mine["created_by"] = principal.label
            if visit is not None:
                mine["inbox"] = visit.inbox
        case "key":
            mine["owner"] = None
    found = Q(**{f"{of}{name}": value for name, value in mine.items()})
    return found & _not_cleared(principal, of) if principal.visit else found


def _not_cleared(principal: Principal, of: str) -> Q:
    """Asked of the row, so that it holds at once for every tab."""
    since = Q(cleared_at=None) | Q(cleared_at__lt=OuterRef(f"{of}created_at"))
    return Q(Exists(Visitor.objects.filter(since, pk=principal.id)))


def one_for(principal: Principal, rows: Callable[[Principal], QuerySet[Row]], id: UUID) -> Row:
    """One of the ``rows`` (a function of a module) that they may reach. The query is compiled once, but not
    that of visitors, whose rows depend on more than their id. Raises ``NotFound``."""
    if principal.kind == "visitor":
        found = list(rows(principal).filter(pk=id).order_by())
    else:
        asked = _prepared(principal.kind, rows)
        found = asked(id=id, organization=principal.organization_id, principal=principal.id)
    if not found:
        raise NotFound
    return found[0]


@cache
def _prepared(kind: Kind, rows: Callable[[Principal], QuerySet[Row]]) -> Prepared[Row]:
    def one(id: UUID, organization: UUID, principal: UUID | None = None) -> QuerySet[Row]:
        return rows(Principal(kind, principal or organization, organization)).filter(pk=id).order_by()

    own = {"principal": UUID} if kind == "member" else {}
    return Prepared(one, id=UUID, organization=UUID, **own)


def conversation_for(principal: Principal, id: UUID) -> Conversation:
    return one_for(principal, conversations_of, id)


def conversations_of(principal: Principal) -> QuerySet[Conversation]:
    """Most recent first, each with ``busy``: whether a reply is open in it."""
    open_replies = Reply.objects.filter(conversation=OuterRef("pk"), state__in=OPEN)
    return (
        Conversation.objects.filter(theirs(principal))
        .select_related("chatbot")
        .annotate(busy=Exists(open_replies))
        .order_by("-last_message_created_at", "-pk")
    )


def rest_conversations(principal: Principal) -> QuerySet[Conversation]:
    """Most recent first, each with all that the REST API shows of it, in one query."""
    return (
        Conversation.objects.filter(theirs(principal))
        .select_related("contact", "inbox", "chatbot", "last_message__feedback", "last_message__reply")
        .only(*SHOWN)
        .order_by("-last_message_created_at", "-pk")
    )


def rest_conversation_for(principal: Principal, id: UUID) -> Conversation:
    found = rest_conversations(principal).filter(pk=id).first()
    if found is None:
        raise NotFound
    return found
