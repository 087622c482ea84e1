"""Inboxes: which there are, when they are answered by themselves, and what waits in them to be read."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db.models import Count, OuterRef, QuerySet, Subquery
from django.db.models.functions import Coalesce
from django.utils import timezone

from chat.models import Conversation, Inbox
from chat.principals import Principal


def inboxes_of(principal: Principal) -> QuerySet[Inbox]:
    """The organization's, oldest first, each with its web chat and ``unread``: how many of its conversations
    have something that was not read."""
    unread = (
        Conversation.objects.filter(inbox=OuterRef("pk"), unread_messages_count__gt=0)
        .order_by()
        .values("inbox")
        .annotate(number=Count("pk"))
        .values("number")
    )
    return (
        Inbox.objects.filter(organization=principal.organization_id)
        .select_related("web_chat")
        .annotate(unread=Coalesce(Subquery(unread), 0))
        .order_by("created_at", "pk")
    )


def replies_now(conversation: Conversation, at: datetime | None = None) -> bool:
    """Whether a message would be answered by itself: its switch is on, its chatbot is, and its inbox has its
    hours."""
    schedules = conversation.inbox.auto_reply_schedules if conversation.inbox else []
    on = conversation.auto_reply_enabled and conversation.chatbot.is_active
    return on and is_open(schedules, at or timezone.now())


def is_open(schedules: Any, at: datetime) -> bool:
    """Whether hours such as ``[{"weekday": 0, "isEnabled": true, "timeSlots": [["09:00", "18:00"]]}]`` hold
    the moment, in the server's time zone. No hours at all are all hours, and so is a day without slots."""
    if not schedules:
        return True
    moment = timezone.localtime(at)
    clock = moment.strftime("%H:%M")
    try:
        today = [one for one in schedules if one["weekday"] == moment.weekday() and one["isEnabled"]]
        slots = [one.get("timeSlots") for one in today]
        return any(not day or any(start <= clock < end for start, end in day) for day in slots)
    except (KeyError, TypeError, ValueError, AttributeError):
        return True  # people write them by hand: what cannot be read keeps nobody waiting


def unread_in(inboxes: Iterable[UUID | None]) -> dict[UUID | None, int]:
    """How many conversations of each inbox have something that was not read."""
    rows = Conversation.objects.filter(
        inbox__in={one for one in inboxes if one}, unread_messages_count__gt=0
    ).order_by()
    return dict(rows.values_list("inbox").annotate(Count("pk")))
