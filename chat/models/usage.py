"""What web chats take in a day, for the limits that their owners set."""

from __future__ import annotations

import uuid
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from chat.models.inbox import WebChat

#: ``who`` of the row that counts everybody.
EVERYBODY = ""


def today() -> date:
    """The day that counts now: the same one everywhere."""
    return timezone.now().date()


def seconds_of_today() -> float:
    """So many are left of it."""
    begins = datetime.combine(today() + timedelta(days=1), time(), UTC)
    return max(1.0, (begins - timezone.now()).total_seconds())


class Counts(models.Manager["DailyUsage"]):
    def add(self, web_chat: uuid.UUID, day: date, who: str, *, room: models.Q, **added: Any) -> bool:
        """Add to a row, which is made if there is none. False: it has no ``room``. That is asked by the
        statement that adds, so that of two at a limit one is refused."""
        fitting = self.filter(room, web_chat=web_chat, day=day, who=who)
        if fitting.update(**added):
            return True
        first = DailyUsage(web_chat_id=web_chat, day=day, who=who)
        self.bulk_create([first], ignore_conflicts=True)  # nothing, if it is there and has no room
        return bool(fitting.update(**added))


class DailyUsage(models.Model):
    """What one visitor, one address or everybody took of a web chat on a day (UTC).

    ``who`` is ``visitor:<id>``, ``address:<keyed hash of that day>`` or ``EVERYBODY``; only that row counts
    tokens. ``tokens_reserved`` are for replies that run, each of which knows its own (``Reply.reservation``).
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    web_chat = models.ForeignKey(WebChat, models.CASCADE, related_name="usage")
    day = models.DateField(_("day"), db_index=True)
    who = models.CharField(_("who"), max_length=80, blank=True, default=EVERYBODY)
    messages = models.PositiveIntegerField(_("messages"), default=0)
    tokens_used = models.PositiveBigIntegerField(_("tokens used"), default=0)
    tokens_reserved = models.PositiveBigIntegerField(_("tokens reserved"), default=0)

    objects = Counts()

    class Meta:
        verbose_name = _("daily usage")
        verbose_name_plural = _("daily usage")
        constraints = [models.UniqueConstraint(fields=["web_chat", "day", "who"], name="usage_once_a_day")]

    def __str__(self) -> str:
        return f"{self.web_chat} · {self.day}"
