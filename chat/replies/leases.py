"""The lease of a process: proof that it lives, and what becomes of its replies when it does not.

All times are the database's, so that processes on machines with wrong clocks agree.
"""

from __future__ import annotations

import os
import socket
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from django.db.models import Q, QuerySet
from django.db.models.functions import Now

from chat.db import transact
from chat.models import Message, ProcessLease, Reply, ReplyState
from chat.prepared import Prepared
from chat.replies.attempts import asked_again
from chat.replies.records import arrived

LEASE = timedelta(seconds=5)


@dataclass(frozen=True, slots=True)
class Orphans:
    """What dead processes left: replies that were ended for them, and queued ones that are now ours. And
    replies that never had a process: ``background``, now ours too."""

    ended: list[Reply]
    adopted: list[UUID]
    background: list[UUID]


def take_lease() -> UUID:
    return ProcessLease.objects.create(name=f"{socket.gethostname()}:{os.getpid()}").pk


def renew_lease(process: UUID) -> bool:
    """False: somebody declared this process dead. What it ran is no longer its own."""
    with transact():
        return bool(ProcessLease.objects.filter(pk=process).update(beat_at=Now()))


def release_lease(process: UUID) -> None:
    ProcessLease.objects.filter(pk=process).delete()


def break_leases(*, but: UUID) -> None:
    """For a process that knows itself alone (nobody else can use this database): all others are dead."""
    ProcessLease.objects.exclude(pk=but).delete()


#: Every process asks these every second.
_lapsed: Prepared[UUID] = Prepared(
    lambda process: (
        ProcessLease.objects.filter(beat_at__lt=Now() - LEASE)
        .exclude(pk=process)
        .values_list("pk", flat=True)
    ),
    process=UUID,
)
_without_process: Prepared[UUID] = Prepared(
    lambda: Reply.objects.filter(
        Q(runner=None) | ~Q(runner__in=ProcessLease.objects.values("pk")),
        state__in=(ReplyState.QUEUED, ReplyState.RUNNING),
    ).values_list("pk", flat=True)[:1]
)


def take_over(process: UUID, *, background: int) -> Orphans:
    """End the running replies of dead processes with the text they had, and adopt their queued ones. Adopt at
    most so many of those that never had a process."""
    if _lapsed(process=process) or _without_process():
        return _take_over(process, background)
    return Orphans([], [], [])


@transact()
def _take_over(process: UUID, background: int) -> Orphans:
    ProcessLease.objects.filter(beat_at__lt=Now() - LEASE).exclude(pk=process).delete()
    orphaned = Reply.objects.exclude(runner=None).exclude(runner__in=ProcessLease.objects.values("pk"))
    ended = [reply for reply in orphaned.filter(state=ReplyState.RUNNING) if _end_orphan(reply)]
    queued = orphaned.filter(state=ReplyState.QUEUED).order_by("queued_at")
    unasked = Reply.objects.filter(runner=None, state=ReplyState.QUEUED).order_by("queued_at")[:background]
    return Orphans(ended, _adopt(queued, process), _adopt(unasked, process))


def _adopt(replies: QuerySet[Reply], process: UUID) -> list[UUID]:
    """Those that nobody else has adopted since they were read."""
    return [
        reply.pk
        for reply in replies.only("pk", "runner")
        if Reply.objects.filter(pk=reply.pk, runner=reply.runner, state=ReplyState.QUEUED).update(
            runner=process
        )
    ]


@transact()
def end_unknown(process: UUID, replies: set[UUID]) -> list[Reply]:
    """End running replies of this process that no task of it runs."""
    found = Reply.objects.filter(pk__in=replies, runner=process, state=ReplyState.RUNNING)
    return [reply for reply in found if _end_orphan(reply)]


def _end_orphan(reply: Reply) -> bool:
    """End it with the text that is stored, and bring ``reply`` up to date. One that nobody waits for is asked
    for again."""
    stopped = reply.stop_requested_at is not None
    ended = Reply.objects.filter(pk=reply.pk, state=ReplyState.RUNNING, fence=reply.fence).update(
        state=ReplyState.STOPPED if stopped else ReplyState.INTERRUPTED,
        error_code="" if stopped else "worker_lost",
        retry_at=None,
        ended_at=Now(),
    )
    if not ended:
        return False
    reply.refresh_from_db()
    Message.objects.filter(pk=reply.outgoing_id).update(content=reply.text)
    if not stopped and asked_again(reply):
        return True
    arrived(reply.conversation, reply.outgoing_id)
    return True
