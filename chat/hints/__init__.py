"""Hints: "there is news of X", told to whoever listens in this process and, with Redis, in all others.

A hint may be lost (other processes are told at most once), so it never carries the only copy of anything:
who gets one reads the database or the reply's log.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.db.models.functions import Now

from chat.hints.groups import (
    ENGINES,
    WORKERS,
    Hint,
    Owned,
    Wake,
    What,
    conversation_group,
    owner_group,
    post_of,
)
from chat.hints.hub import hub
from chat.models import Conversation

__all__ = [
    "ENGINES",
    "WORKERS",
    "Hint",
    "Wake",
    "conversation_group",
    "hint",
    "hint_row",
    "hint_rows",
    "hub",
    "wake",
    "wake_workers",
]


def hint(*groups: str, what: What, id: UUID, conversation: UUID) -> None:
    """Send a hint after the surrounding transaction has committed; callable from any thread."""
    posts = [post_of(group, what, id, conversation) for group in groups]
    transaction.on_commit(lambda: hub.post(*posts))


def hint_row(conversation: Owned, what: What = "conversation") -> None:
    """Tell the conversation's owner that its row changed, or that it is gone."""
    hint_rows([conversation], what)


def hint_rows(conversations: Sequence[Owned], what: What = "conversation") -> None:
    """The same of several conversations, told together."""
    if settings.REDIS_URL and what == "conversation":
        # By this, processes that missed the hint find the rows (chat.hints.missed).
        Conversation.objects.filter(pk__in=[one.pk for one in conversations]).update(changed_at=Now())
    posts = [post_of(group, what, one.pk, one.pk) for one in conversations if (group := owner_group(one))]
    if posts:
        transaction.on_commit(lambda: hub.post(*posts))


def wake(what: Literal["stop", "work", "ended"], reply: UUID | None = None) -> None:
    """Wake the engines of all processes, now; callable from any thread."""
    hub.post((ENGINES, dict(Wake(what=what, reply=str(reply or "")))))


def wake_workers() -> None:
    """Tell the workers of all processes, now, that there is a job; callable from any thread."""
    hub.post((WORKERS, {}))
