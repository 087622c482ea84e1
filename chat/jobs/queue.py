"""The queue: jobs go in with the transaction that asks for them, and are claimed, held, ended or put back.

Every change is one conditional update, and all times are the database's. A claim is the right to write one
job: whoever's ``fence`` is old changes nothing.
"""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import reduce
from operator import or_
from typing import Any
from uuid import UUID

from django.db import IntegrityError, connection, transaction
from django.db.models import F, Q
from django.db.models.expressions import Combinable
from django.db.models.functions import Now
from django.utils.module_loading import import_string

from chat.db import transact
from chat.hints import wake_workers
from chat.jobs.handlers import KINDS
from chat.models import Job
from chat.prepared import Prepared

logger = logging.getLogger(__name__)

LEASE = timedelta(seconds=10)


@dataclass(frozen=True, slots=True)
class Claim:
    job: UUID
    kind: str
    payload: dict[str, Any]
    dedupe_key: str
    attempts: int
    fence: int


def enqueue(
    kind: str, payload: dict[str, Any], *, dedupe_key: str = "", run_at: datetime | Combinable | None = None
) -> None:
    """Store a job, in the transaction of what asks for it: both are committed or neither.

    With a ``dedupe_key`` one open job of the kind and key is enough. A job that runs is still open and may
    have read what has just changed, so the key names the state to be reached and not only the object.
    ``run_at`` is now, unless given.
    """
    _store([Job(kind=kind, payload=payload, dedupe_key=dedupe_key)], run_at)


def enqueue_all(kind: str, payloads: Mapping[str, dict[str, Any]]) -> None:
    """Store a job for each payload, which stands under its ``dedupe_key``."""
    if payloads:
        _store([Job(kind=kind, payload=payload, dedupe_key=key) for key, payload in payloads.items()])


def _store(jobs: list[Job], run_at: datetime | Combinable | None = None) -> None:
    for job in jobs:
        if job.kind not in KINDS:
            raise ValueError(f"chat.jobs.handlers knows no kind of job named {job.kind}")
        if run_at is not None:
            job.run_at = run_at
    with _writing():
        Job.objects.bulk_create(jobs, ignore_conflicts=any(job.dedupe_key for job in jobs))
    transaction.on_commit(wake_workers)


def claim(free: Mapping[str, int], held: Collection[Claim] = ()) -> list[Claim]:
    """Take at most so many jobs of each kind that are due, the longest due first. What this worker has
    ``held`` counts towards the shares of its kind."""
    if not _anything_due():
        return []
    due = [job for kind, count in free.items() for job in _due(kind, count, held)]
    if not due:
        return []
    with transact():
        # In one order, so that two workers who take several rows do not wait for each other.
        return [taken for job in sorted(due, key=lambda job: job.pk) if (taken := _take(job))]


#: Every worker asks this every second.
_anything_due: Prepared[UUID] = Prepared(
    lambda: Job.objects.filter(done_at=None, run_at__lte=Now()).values_list("pk", flat=True)[:1]
)


def _due(kind: str, count: int, held: Collection[Claim]) -> list[Job]:
    """Those whose share is full are left out by the database: however many wait behind a slow one, none of
    them is claimed to be put back."""
    rows = Job.objects.filter(kind=kind, done_at=None, run_at__lte=Now()).order_by("run_at")
    name, share = KINDS[kind].share_of, KINDS[kind].share
    if not name:
        return list(rows[:count])
    taken = Counter(claim.payload.get(name) for claim in held if claim.kind == kind)
    if full := [value for value, number in taken.items() if number >= share]:
        rows = rows.exclude(**{f"payload__{name}__in": full})
    due = []
    for job in rows[:count]:
        value = job.payload.get(name)
        taken[value] += 1
        if taken[value] <= share:
            due.append(job)
    return due


def _take(job: Job) -> Claim | None:
    rows = Job.objects.filter(pk=job.pk, fence=job.fence, done_at=None, run_at__lte=Now())
    taken = rows.update(**_leased(), attempts=F("attempts") + 1, fence=F("fence") + 1)
    if not taken:
        return None
    return Claim(job.pk, job.kind, job.payload, job.dedupe_key, job.attempts + 1, job.fence + 1)


def _leased() -> dict[str, Combinable]:
    return {"run_at": Now() + LEASE, "lease_until": Now() + LEASE}


def renew(claims: Collection[Claim]) -> set[UUID]:
    """Hold on to what is being done. Returns the jobs that somebody else has taken over or ended."""
    rows = Job.objects.filter(_held(claims))
    with transact():
        renewed = rows.filter(done_at=None, lease_until__isnull=False).update(**_leased())
    if renewed == len(claims):
        return set()
    # Whose end we have stored meanwhile ourselves still has our fence.
    return {claim.job for claim in claims} - set(rows.values_list("pk", flat=True))


def _held(claims: Iterable[Claim]) -> Q:
    return reduce(or_, (Q(pk=claim.job, fence=claim.fence) for claim in claims))


@transact()
def finish(claim: Claim) -> bool:
    """It is done; what it was told is forgotten. False, here and below: somebody else has taken it over."""
    rows = Job.objects.filter(_held([claim]), done_at=None)
    if not rows.update(done_at=Now(), lease_until=None, payload={}):
        return False
    _come_again(claim.kind, claim.dedupe_key)
    return True


@transact()
def fail(claim: Claim, error: str, *, at_least: float = 0) -> bool:
    """An attempt went wrong: it is due again after a pause, at least so many seconds, or was tried often
    enough and is given up."""
    pause = KINDS[claim.kind].pause(claim.attempts)
    if pause is None:
        return give_up(claim.job, error, fence=claim.fence)
    return bool(
        Job.objects.filter(_held([claim]), done_at=None).update(
            run_at=Now() + timedelta(seconds=max(pause, at_least)), lease_until=None, last_error=error
        )
    )


def release(claims: Collection[Claim]) -> None:
    """Put back what this worker leaves undone when it ends; the attempt does not count."""
    if claims:
        with transact():
            Job.objects.filter(_held(claims), done_at=None).update(
                run_at=Now(), lease_until=None, attempts=F("attempts") - 1
            )
        wake_workers()


@transact()
def give_up(job: UUID, error: str, *, fence: int | None = None) -> bool:
    """End an open job undone, whoever runs it; with ``fence`` only if it is still this claim's."""
    rows = Job.objects.filter(pk=job, done_at=None, **({} if fence is None else {"fence": fence}))
    if not rows.update(
        done_at=Now(), given_up=True, lease_until=None, last_error=error, fence=F("fence") + 1
    ):
        return False
    row = Job.objects.get(pk=job)
    kind = KINDS.get(row.kind)
    if kind and kind.given_up:
        _tell_given_up(kind.given_up, row.payload)
    _come_again(row.kind, row.dedupe_key)
    return True


def _tell_given_up(name: str, payload: dict[str, Any]) -> None:
    """The job is given up whatever becomes of this: a payload of an older version may not fit any more."""
    try:
        with transaction.atomic():
            import_string(name)(**payload)
    except Exception:
        logger.exception("job_end_not_told")


def run_now(job: UUID) -> bool:
    """Make a job due that waits or was given up, with all its attempts before it. False: it runs, is done, or
    another one does the same."""
    rows = Job.objects.filter(Q(done_at=None) | Q(given_up=True), pk=job).exclude(lease_until__gt=Now())
    try:
        with transact():
            ready = rows.update(run_at=Now(), lease_until=None, done_at=None, given_up=False, attempts=0)
    except IntegrityError:
        return False
    transaction.on_commit(wake_workers)
    return bool(ready)


def start_periodic() -> None:
    """Queue each kind that comes again by itself, unless it is queued already."""
    for name, kind in KINDS.items():
        if kind.every is not None:
            enqueue(name, {}, dedupe_key="periodic")


def _come_again(kind: str, dedupe_key: str) -> None:
    every = KINDS[kind].every if kind in KINDS else None
    if every is not None:
        enqueue(kind, {}, dedupe_key=dedupe_key, run_at=Now() + every)


def _writing() -> AbstractContextManager[None]:
    """The caller's transaction if there is one, without a savepoint."""
    return nullcontext() if connection.in_atomic_block else transact()
