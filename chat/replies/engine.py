"""The engine of this process: its log, its runner, and the beat that keeps its lease.

There is one engine for each process, in one event loop. ``manage.py serve`` starts it before the first
connection; under another ASGI server the first connection does.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Iterable
from contextlib import suppress
from uuid import UUID

from chat import hints
from chat.completions.http import aclose_client, client
from chat.db import in_database
from chat.models import Reply
from chat.replies import leases, records
from chat.replies.log import MemoryLog, ReplyLog
from chat.replies.runner import Runner

logger = logging.getLogger(__name__)

BEAT_SECONDS = 1.0
STORE_SECONDS = 0.5
#: A reply is stored as running a moment before its task begins, longer under load or with a slow search.
UNKNOWN_SECONDS = 10.0


class Engine:
    def __init__(self, log: ReplyLog, runner: Runner, process: UUID) -> None:
        self.log, self.runner, self.process = log, runner, process
        self.loop = asyncio.get_running_loop()
        self.beaten_at = self.loop.time()
        self._tasks: list[asyncio.Task[None]] = []
        self._unknown: dict[UUID, float] = {}

    @classmethod
    async def start(cls, *, alone: bool = False) -> Engine:
        """``alone``: nobody else can use this database, so whoever had a lease is dead."""
        hints.listen_on(asyncio.get_running_loop())
        process = await in_database(leases.take_lease)
        if alone:
            await in_database(leases.break_leases, but=process)
        client()  # its first use reads the system's certificates: not while somebody waits for a reply
        log = MemoryLog()
        engine = cls(log, Runner(log, process), process)
        await engine._take_over()
        engine._tasks = [
            asyncio.create_task(engine._every(BEAT_SECONDS, engine._beat), name="beat"),
            asyncio.create_task(engine._every(STORE_SECONDS, engine.runner.store_partials), name="store"),
        ]
        return engine

    @property
    def healthy(self) -> bool:
        """Whether the last beat is recent enough for the lease to hold."""
        return self.loop.time() - self.beaten_at < leases.LEASE.total_seconds()

    async def close(self, *, drain_seconds: float = 30) -> None:
        await self.runner.drain(drain_seconds)
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await in_database(leases.release_lease, self.process)
        await aclose_client()

    async def _every(self, seconds: float, work: Callable[[], Awaitable[None]]) -> None:
        """Do the work again and again; a fault of the database must not end the beat."""
        while True:
            await asyncio.sleep(seconds)
            try:
                await work()
            except Exception:
                logger.exception("beat_failed")

    async def _beat(self) -> None:
        if not await in_database(leases.renew_lease, self.process):
            await self._begin_again()
        self.beaten_at = self.loop.time()
        await self._take_over()
        await self._end_unknown(self.runner.reconcile(await in_database(records.open_in, self.process)))
        if awaited := self.log.awaited():
            await self._announce_ended(awaited)
        await self.runner.start_waiting()

    async def _end_unknown(self, unknown: list[UUID]) -> None:
        """Running here for long, and no task of ours: whoever stored it did not come to run it."""
        now = self.loop.time()
        self._unknown = {reply: self._unknown.get(reply, now) for reply in unknown}
        old = {reply for reply, since in self._unknown.items() if now - since >= UNKNOWN_SECONDS}
        for reply in await in_database(leases.end_unknown, self.process, old) if old else ():
            await self.announce_end(reply)

    async def _begin_again(self) -> None:
        """This process was silent until it was declared dead: its replies are no longer its own."""
        logger.error("lease_lost process=%s", self.process)
        self.runner.lose_all()
        self.process = self.runner.process = await in_database(leases.take_lease)

    async def _take_over(self) -> None:
        orphans = await in_database(leases.take_over, self.process)
        for reply in orphans.ended:
            await self.announce_end(reply)
        for adopted in orphans.adopted:
            self.runner.submit(adopted)
        if orphans.ended or orphans.adopted:
            logger.warning("took_over ended=%d adopted=%d", len(orphans.ended), len(orphans.adopted))

    async def announce_end(self, reply: Reply) -> None:
        """Tell the readers of this process about an end that no runner of it wrote."""
        await self.log.end(
            reply.pk,
            state=reply.state,
            length=len(reply.text),
            outgoing=reply.outgoing_id,
            error_code=reply.error_code,
        )

    async def stop(self, reply: UUID) -> None:
        """After ``request_stop``: close the upstream, or tell that a queued reply has ended."""
        self.runner.stop(reply)
        if await self._announce_ended([reply]):
            await self.runner.start_waiting()

    async def _announce_ended(self, replies: list[UUID]) -> bool:
        """Announce those that have ended, whoever ended them."""
        ended = await in_database(records.ended_among, replies)
        for reply in ended:
            await self.announce_end(reply)
        return bool(ended)


_engine: asyncio.Future[Engine] | None = None
#: Set by ``manage.py serve`` when nobody else can use this database.
alone = False


async def engine() -> Engine:
    """This process's engine, started at the first call."""
    global _engine
    if _engine is None:
        _engine = asyncio.ensure_future(Engine.start(alone=alone))
    starting = _engine
    try:
        return await asyncio.shield(starting)
    except Exception:
        if _engine is starting:
            _engine = None  # the database was away: the next call tries again
        raise


def running_engine() -> Engine | None:
    """The engine if it has been started."""
    if _engine is not None and _engine.done() and not _engine.cancelled() and not _engine.exception():
        return _engine.result()
    return None


def stop_upstreams(replies: Iterable[UUID]) -> None:
    """Close the upstreams of replies that are gone, from any thread; other processes see it at their next
    store."""
    if started := running_engine():
        for reply in replies:
            started.loop.call_soon_threadsafe(started.runner.stop, reply)


async def close_engine(*, drain_seconds: float = 30) -> None:
    """Until it has closed it stays the engine: a second one would take over what still runs in the first."""
    global _engine
    if _engine is not None:
        with suppress(Exception):
            await (await _engine).close(drain_seconds=drain_seconds)
        _engine = None
