"""What a chatbot was asked and answered, a record for each exchange; and the calls to its webhook."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from typing import Any, NamedTuple
from uuid import UUID

from django.db.models import Exists, OuterRef, QuerySet

from chat.models import ENDED, Message, MessageType, Reply, WebhookRecord
from chat.principals import Principal
from chat.selectors.conversations import theirs

#: All that is shown of a record; texts of a reply's making can be long.
SHOWN = (
    "state",
    "error_code",
    "usage",
    "queued_at",
    "started_at",
    "first_token_at",
    "ended_at",
    "conversation__contact__name",
    "incoming__content",
    "incoming__created_at",
    "incoming__sender_contact__name",
    "incoming__sender_user__username",
    "incoming__sender_user__display_name",
    "outgoing__content",
    "outgoing__citation_nodes",
    "outgoing__feedback__type",
    "outgoing__feedback__suggestion",
    "outgoing__feedback__updated_at",
)


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which records: asked from the first to the last day (in UTC, both included), whose question and answer
    contain these words. None and empty: whatever."""

    start: date | None = None
    end: date | None = None
    user_message: str = ""
    bot_message: str = ""


def records_of(principal: Principal, chatbot: UUID, wanted: Wanted) -> QuerySet[Reply]:
    """Each question by the attempt that is its answer and has ended; what was asked for last comes first.
    What is shown of them ``whole_records`` reads.

    Without dates and words the index of replies has all that is needed here. So superseded answers, which are
    few, are taken off by a list of their own: their own column stands in the messages, which are many.
    """
    replaced = Message.objects.filter(conversation__chatbot=chatbot, superseded=True)
    rows = Reply.objects.filter(
        theirs(principal, of="conversation__"), conversation__chatbot=chatbot, state__in=ENDED
    ).exclude(outgoing__in=replaced.values("pk"))
    if wanted.start:
        rows = rows.filter(incoming__created_at__gte=datetime.combine(wanted.start, time.min, UTC))
    if wanted.end:
        rows = rows.filter(incoming__created_at__lte=datetime.combine(wanted.end, time.max, UTC))
    if wanted.user_message:
        rows = rows.filter(incoming__content__icontains=wanted.user_message)
    if wanted.bot_message:
        rows = rows.filter(outgoing__content__icontains=wanted.bot_message)
    return rows.order_by("-queued_at", "-pk").only("pk")


def whole_records(ids: Sequence[UUID]) -> list[Reply]:
    """With all that is shown of them, in the order of the ids and in one query."""
    rows = (
        Reply.objects.filter(pk__in=ids)
        .select_related(
            "conversation__contact",
            "incoming__sender_contact",
            "incoming__sender_user",
            "outgoing__feedback",
        )
        .only(*SHOWN)
    )
    found = {row.pk: row for row in rows}
    return [found[id] for id in ids if id in found]


class Exported(NamedTuple):
    """What an export has of a record. ``follows``: there was a question before in the same conversation."""

    answer: UUID
    asked_at: datetime
    input: str
    output: str
    citation_nodes: list[dict[str, Any]]
    queued_at: datetime | None
    ended_at: datetime | None
    follows: bool


def exported_records(ids: Sequence[UUID]) -> list[Exported]:
    """As ``whole_records``, without a model for each row: they were half of an export's time."""
    earlier = Message.objects.filter(
        conversation=OuterRef("conversation"),
        position__lt=OuterRef("incoming__position"),
        type=MessageType.INCOMING,
        superseded=False,
    )
    rows = (
        Reply.objects.filter(pk__in=ids)
        .annotate(follows=Exists(earlier))
        .values_list(
            "pk",
            "outgoing_id",
            "incoming__created_at",
            "incoming__content",
            "outgoing__content",
            "outgoing__citation_nodes",
            "queued_at",
            "ended_at",
            "follows",
        )
    )
    found = {pk: Exported(*values) for pk, *values in rows}
    return [found[id] for id in ids if id in found]


def webhook_records_of(principal: Principal, chatbot: UUID) -> QuerySet[WebhookRecord]:
    """The newest first. Of members' conversations, and of messages that were deleted, only the admin has
    them: what was sent stands in them."""
    return WebhookRecord.objects.filter(
        theirs(principal, of="message__conversation__"), chatbot=chatbot
    ).order_by("-created_at", "-pk")
