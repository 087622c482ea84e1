"""The lease of a process: proof that it lives, and what becomes of its replies when it does not.

All times are the database's, so that processes on machines with wrong clocks agree. Its own clock may be set:
then all leases seem old, or of the future, until each process has beaten again.
"""

from __future__ import annotations

import os
import socket
from dataclasses import dataclass
from datetime import timedelta
from typing import TypeVar
from uuid import UUID

from django.db.models import (
    DurationField,
    Exists,
    ExpressionWrapper,
    F,
    Model,
    OuterRef,
    Q,
    QuerySet,
    Subquery,
)
from django.db.models.functions import Now

from chat.db import transact, wait_briefly
from chat.models import Message, ProcessLease, Reply, ReplyState
from chat.prepared import Prepared
from chat.replies.attempts import asked_again
from chat.replies.budgets import settle_lost
from chat.replies.records import all_arrived

Row = TypeVar("Row", bound=Model)
LEASE = timedelta(seconds=5)
#: Whose own beat is further from now than this knows nothing of the others: the database may have been away
#: for all of them, or its clock been set.
LATE = timedelta(seconds=3)
#: Whoever will lapse within that time is looked at again when it does.
SOON = timedelta(seconds=1)
#: So many replies are ended at once; of more, the next beat ends the rest.
TOGETHER = 1000


@dataclass(frozen=True, slots=True)
class Orphans:
    """What dead processes left: replies that were ended for them, and queued ones that are now ours. And
    replies that never had a process: ``background``, now ours too."""

    ended: list[Reply]
    adopted: list[UUID]
    background: list[UUID]


def take_lease() -> UUID:
    return ProcessLease.objects.create(name=f"{socket.gethostname()}:{os.getpid()}").pk


#: How long ago the last beat was; negative when the clock was set back since.
SILENCE = ExpressionWrapper(Now() - F("beat_at"), DurationField())
_silence: Prepared[timedelta] = Prepared(
    lambda process: ProcessLease.objects.filter(pk=process).values_list(SILENCE, flat=True), process=UUID
)


@transact()
def renew_lease(process: UUID) -> timedelta | None:
    """Beat. Returns how long ago, by the database's clock, the beat before was. None: somebody declared this
    process dead. What it ran is no longer its own."""
    silence = next(iter(_silence(process=process)), None)
    return silence if ProcessLease.objects.filter(pk=process).update(beat_at=Now()) else None


def release_lease(process: UUID) -> None:
    ProcessLease.objects.filter(pk=process).delete()


def break_leases(*, but: UUID) -> None:
    """For a process that knows itself alone (nobody else can use this database): all others are dead."""
    ProcessLease.objects.exclude(pk=but).delete()


#: Every process asks these every second.
_silences: Prepared[timedelta] = Prepared(
    lambda process: (
        ProcessLease.objects.exclude(beat_at__range=(Now() - LEASE + SOON, Now() + LEASE))
        .exclude(pk=process)
        .values_list(SILENCE, flat=True)
    ),
    process=UUID,
)
_without_process: Prepared[UUID] = Prepared(
    lambda: Reply.objects.filter(
        Q(runner=None) | ~Q(runner__in=ProcessLease.objects.values("pk")),
        state__in=(ReplyState.QUEUED, ReplyState.RUNNING),
    ).values_list("pk", flat=True)[:1]
)


def declare_dead(process: UUID) -> tuple[int, float | None]:
    """End the leases of those who are silent, and of those whose beat lies in the future: their replies are
    anybody's. Returns how many there were, and after how many seconds there will be one more, if soon.

    Only for a process that has just beaten in time, as all others could."""
    longest = max(map(abs, _silences(process=process)), default=None)
    if longest is None or longest <= LEASE:
        return 0, (LEASE - longest).total_seconds() if longest else None
    return _declare_dead(process), None


@transact()
def _declare_dead(process: UUID) -> int:
    """The statement itself looks at the judge's own beat: it may have taken long to get to the database."""
    judge = ProcessLease.objects.filter(pk=process, beat_at__range=(Now() - LATE, Now() + LATE))
    living = Q(beat_at__range=(Now() - LEASE, Now() + LEASE))
    silent = ProcessLease.objects.filter(~living, Exists(judge)).exclude(pk=process)
    return ProcessLease.objects.filter(pk__in=list(_free(silent).values_list("pk", flat=True))).delete()[0]


def take_over(process: UUID, *, background: int) -> Orphans:
    """End the running replies of dead processes with the text they had, and adopt their queued ones. Adopt at
    most so many of those that never had a process."""
    return _take_over(process, background) if _without_process() else Orphans([], [], [])


@transact()
def _take_over(process: UUID, background: int) -> Orphans:
    orphaned = Reply.objects.exclude(runner=None).exclude(runner__in=ProcessLease.objects.values("pk"))
    ended = _end(orphaned)
    queued = orphaned.filter(state=ReplyState.QUEUED).order_by("queued_at")
    unasked = Reply.objects.filter(runner=None, state=ReplyState.QUEUED).order_by("queued_at")[:background]
    return Orphans(ended, _adopt(queued, process), _adopt(unasked, process))


def _adopt(replies: QuerySet[Reply], process: UUID) -> list[UUID]:
    """Those that nobody else has adopted since they were read."""
    return [
        reply.pk
        for reply in _free(replies.only("pk", "runner"))
        if Reply.objects.filter(pk=reply.pk, runner=reply.runner, state=ReplyState.QUEUED).update(
            runner=process
        )
    ]


@transact()
def end_unknown(process: UUID, replies: set[UUID]) -> list[Reply]:
    """End running replies of this process that no task of it runs."""
    return _end(Reply.objects.filter(pk__in=replies, runner=process))


def _end(orphaned: QuerySet[Reply]) -> list[Reply]:
    """End those that still run, all in a few statements, each with the text that is stored. One that nobody
    waits for is asked for again. The beat must not wait for long."""
    wait_briefly()
    running = orphaned.filter(state=ReplyState.RUNNING).select_related("conversation")
    held = [reply.pk for reply in _free(running.only("pk", "conversation__id"))[:TOGETHER]]
    if not held:
        return []
    rows = Reply.objects.filter(pk__in=held)
    rows.filter(stop_requested_at=None).update(
        state=ReplyState.INTERRUPTED, error_code="worker_lost", retry_at=None, ended_at=Now()
    )
    rows.filter(state=ReplyState.RUNNING).update(
        state=ReplyState.STOPPED, error_code="", retry_at=None, ended_at=Now()
    )
    text = Reply.objects.filter(outgoing=OuterRef("pk")).values("text")
    Message.objects.filter(reply__in=held).update(content=Subquery(text))
    ended = list(rows.select_related("conversation__chatbot").defer("text", "reasoning"))
    all_arrived([reply for reply in ended if reply.state == ReplyState.STOPPED or not asked_again(reply)])
    settle_lost(ended)
    return ended


def _free(rows: QuerySet[Row]) -> QuerySet[Row]:
    """Those of the rows that nobody else is writing, nor what is selected with them, locked until the
    transaction ends. A process that was paused in the middle of a write holds its rows until it goes on:
    nobody waits for it."""
    return rows.select_for_update(skip_locked=True, no_key=True)
