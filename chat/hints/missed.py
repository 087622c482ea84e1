"""What hints would have told: read in the database when they may have been lost."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from django.db.models.functions import Now

from chat.hints.groups import Post, What, conversation_group, owner_group, post_of
from chat.models import Conversation, Message, Reply

#: Enough for what a few seconds bring; beyond it people reload.
MOST = 500


@dataclass(frozen=True, slots=True)
class Found:
    """A hint, and the state of the row that called for it: the same state is told once."""

    group: str
    what: What
    id: UUID
    conversation: UUID
    changed_at: datetime | None = None

    @property
    def post(self) -> Post:
        return post_of(self.group, self.what, self.id, self.conversation)


def since(seconds: float, opened: Collection[UUID]) -> list[Found]:
    """The conversations that changed within the last seconds, and the messages and deletions of those that
    are ``opened``."""
    begin = Now() - timedelta(seconds=seconds)
    changed = list(
        Conversation.objects.filter(changed_at__gte=begin)
        .only("owner_id", "contact_id", "last_message_id", "changed_at")
        .order_by("-changed_at")[:MOST]
    )
    watched = [row for row in changed if row.pk in opened]
    asked = Reply.objects.filter(conversation__in=watched, queued_at__gte=begin)
    newest = Message.objects.filter(pk__in=[row.last_message_id for row in watched], reply=None)
    existing = set(Conversation.objects.filter(pk__in=opened).values_list("pk", flat=True))
    return [
        *_messages(asked.values_list("incoming", "conversation", "queued_at")),
        *_messages(newest.values_list("pk", "conversation", "created_at")),
        *_rows(changed),
        *(Found(conversation_group(one), "deleted", one, one) for one in set(opened) - existing),
    ]


def _messages(rows: Iterable[tuple[UUID, UUID, datetime]]) -> list[Found]:
    return [Found(conversation_group(where), "message", id, where, at) for id, where, at in rows]


def _rows(changed: list[Conversation]) -> list[Found]:
    return [
        Found(group, "conversation", row.pk, row.pk, row.changed_at)
        for row in changed
        if (group := owner_group(row))
    ]
