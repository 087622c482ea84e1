"""The worker: takes jobs while there are free slots of their kind, and holds them while they run.

    claim (one hop) -> the kind's handler -> done, due again after a pause, or given up (one hop)

It lives in the loop of its process's engine. A job belongs to the claim and not to the worker: one that was
paused for too long finds its fence old, cancels what it does and writes nothing.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Iterable
from contextlib import suppress
from typing import Any, ParamSpec, TypeVar
from uuid import UUID

from chat.db import in_database
from chat.hints import WORKERS, hub
from chat.jobs import queue
from chat.jobs.errors import GiveUp, TryAgain, described
from chat.jobs.handlers import KINDS
from chat.jobs.queue import Claim
from chat.logs import bind

P = ParamSpec("P")
T = TypeVar("T")

logger = logging.getLogger(__name__)

#: What becomes due, and what no hint told of, is found by looking.
POLL_SECONDS = 1.0
BEAT_SECONDS = 2.0
#: How often it sees that what comes again by itself is queued, even if its row was lost.
PERIODIC_SECONDS = 600.0


class Worker:
    """Its methods belong to one event loop."""

    def __init__(self) -> None:
        self.draining = False
        self._held: dict[UUID, tuple[Claim, asyncio.Task[None]]] = {}
        self._news = asyncio.Event()
        self._working = asyncio.create_task(self._work(), name="worker")
        self._beating = asyncio.create_task(self._beat(), name="worker beat")
        hub.listen(WORKERS, self._on_work)

    @property
    def running(self) -> int:
        return len(self._held)

    def _on_work(self, _: Any) -> None:
        self._news.set()

    async def drain(self, seconds: float) -> None:
        """Take no more. What runs may end for so long; the rest is put back."""
        self.draining = True
        hub.forget(WORKERS, self._on_work)
        self._news.set()
        await self._working
        await self._wait(seconds)
        left = [claim for claim, _ in self._held.values()]
        self.lose_all()
        await self._wait(5)
        self._beating.cancel()
        await asyncio.gather(self._beating, return_exceptions=True)
        if left:
            logger.warning("jobs_put_back", extra={"jobs": len(left)})
            await self._try(queue.release, left)

    def lose_all(self) -> None:
        self._lose(list(self._held))

    def _lose(self, jobs: Iterable[UUID]) -> None:
        for job in jobs:
            if job in self._held:
                self._held[job][1].cancel()

    async def _wait(self, seconds: float) -> None:
        if tasks := [task for _, task in self._held.values()]:
            await asyncio.wait(tasks, timeout=seconds)

    async def _work(self) -> None:
        loop = asyncio.get_running_loop()
        look_at = loop.time()
        while not self.draining:
            if loop.time() >= look_at:
                look_at = loop.time() + PERIODIC_SECONDS
                await self._try(queue.start_periodic)
            self._news.clear()
            free = self._free()
            held = [claim for claim, _ in self._held.values()]
            claims = await self._try(queue.claim, free, held) if free else None
            for claim in claims or ():
                self._begin(claim)
            if not claims:
                with suppress(TimeoutError):
                    await asyncio.wait_for(self._news.wait(), POLL_SECONDS)

    def _free(self) -> dict[str, int]:
        """How many more of each kind may run here now."""
        used = [claim.kind for claim, _ in self._held.values()]
        free = {name: kind.limit - used.count(name) for name, kind in KINDS.items()}
        return {name: count for name, count in free.items() if count > 0}

    def _begin(self, claim: Claim) -> None:
        self._lose([claim.job])  # an earlier claim of ours, if its lease has lapsed while it runs
        task = asyncio.create_task(self._run(claim), name=f"job {claim.job}")
        self._held[claim.job] = claim, task
        task.add_done_callback(lambda _: self._ended(claim))

    def _ended(self, claim: Claim) -> None:
        if self._held.get(claim.job, (None,))[0] is claim:
            del self._held[claim.job]
        self._news.set()

    async def _run(self, claim: Claim) -> None:
        bind(job=claim.job, kind=claim.kind)
        try:
            if claim.attempts > KINDS[claim.kind].attempts:
                error = "Its worker ended each time while it ran."
                kept = await in_database(queue.give_up, claim.job, error, fence=claim.fence)
            else:
                kept = await self._attempt(claim)
        except Exception:
            logger.exception("job_end_not_stored")
            return  # nobody renews its lease: it is due again
        if not kept:
            logger.warning("job_lost")

    async def _attempt(self, claim: Claim) -> bool:
        """Do it and store how it went. False: it was not ours any more."""
        kind = KINDS[claim.kind]
        try:
            async with asyncio.timeout(kind.seconds):
                await kind.run(claim.payload)
        except GiveUp as error:
            logger.warning("job_given_up", extra={"error": error})
            return await in_database(queue.give_up, claim.job, str(error), fence=claim.fence)
        except TryAgain as error:
            logger.warning("job_failed", extra={"attempt": claim.attempts, "error": error})
            return await in_database(queue.fail, claim, str(error), at_least=error.seconds)
        except Exception as error:
            reason = described(error)
            logger.warning(
                "job_failed",
                extra={"attempt": claim.attempts, "error": reason},
                exc_info=not isinstance(error, OSError),  # those are somebody else's fault, and say enough
            )
            return await in_database(queue.fail, claim, reason)
        return await in_database(queue.finish, claim)

    async def _beat(self) -> None:
        while True:
            await asyncio.sleep(BEAT_SECONDS)
            if self._held:
                lost = await self._try(queue.renew, [claim for claim, _ in self._held.values()])
                for job in lost or ():
                    logger.warning("job_lost", extra={"job": job})
                self._lose(lost or ())

    async def _try(self, function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T | None:
        """A database that does not answer ends neither the work nor the beat."""
        try:
            return await in_database(function, *args, **kwargs)
        except Exception:
            logger.exception("queue_failed")
            return None
