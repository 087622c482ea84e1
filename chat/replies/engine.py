"""The engine of this process: its log, its runner, and the beat that keeps its lease.

There is one engine for each process, in one event loop. ``manage.py serve`` starts it before the first
connection; under another ASGI server the first connection does.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Coroutine, Iterable, Mapping
from typing import Any
from uuid import UUID

from django.conf import settings

from chat import hints
from chat.completions.http import aclose_client, client
from chat.db import BEAT_CONNECT_SECONDS, at_once, comes_back, in_database, in_time
from chat.jobs.worker import Worker
from chat.metrics import LEASES_LOST, REGISTRY, REPLIES_TAKEN_OVER, count_end
from chat.replies import leases, records
from chat.replies.log import MemoryLog, ReplyLog
from chat.replies.metrics import EngineCollector
from chat.replies.runner import Runner

logger = logging.getLogger(__name__)

BEAT_SECONDS = LOOK_SECONDS = 1.0
#: Who begins, or was late, does not know who is dead: the database may have been away for all. So much time
#: the others then have to beat again before anybody judges them.
PATIENCE_SECONDS = BEAT_SECONDS + BEAT_CONNECT_SECONDS
STORE_SECONDS = 0.5
#: A reply is stored as running a moment before its task begins, longer under load or with a slow search.
UNKNOWN_SECONDS = 10.0
#: How many replies that nobody waits for (``post_message`` without a process) one worker makes at a time.
BACKGROUND_REPLIES = 8


class Engine:
    def __init__(self, log: ReplyLog, runner: Runner, process: UUID) -> None:
        self.log, self.runner, self.process = log, runner, process
        self.loop = asyncio.get_running_loop()
        self.beaten_at = self.loop.time()
        self._patient_until = self.beaten_at + PATIENCE_SECONDS
        self._tasks: list[asyncio.Task[None]] = []
        self._unknown: dict[UUID, float] = {}
        self._woken: set[asyncio.Task[None]] = set()
        self.worker: Worker | None = None
        self._background: set[UUID] = set()
        runner.told = self._ended
        self._taking = asyncio.Lock()
        self._wanted = True

    @classmethod
    async def start(cls, *, alone: bool = False, works: bool = True) -> Engine:
        """``alone``: nobody else can use this database, so whoever had a lease is dead. ``works``: background
        work is done here too."""
        hints.hub.open()
        process = await in_database(leases.take_lease)
        if alone:
            await in_database(leases.break_leases, but=process)
        client()  # its first use reads the system's certificates: not while somebody waits for a reply
        log = open_log()
        engine = cls(log, Runner(log, process), process)
        try:
            await engine._look_for_work()
        except BaseException:
            await log.aclose()  # the next attempt opens another one
            raise
        hints.hub.listen(hints.ENGINES, engine.on_wake)
        engine._tasks = [
            asyncio.create_task(engine._every(BEAT_SECONDS, engine._beat), name="beat"),
            asyncio.create_task(engine._every(LOOK_SECONDS, engine._look), name="look"),
            asyncio.create_task(engine._every(STORE_SECONDS, engine.runner.store_partials), name="store"),
        ]
        engine.worker = Worker() if works else None
        return engine

    @property
    def healthy(self) -> bool:
        """Whether the last beat is recent enough for the lease to hold."""
        return self.loop.time() - self.beaten_at < leases.LEASE.total_seconds()

    @property
    def taker(self) -> UUID:
        """The process for which new replies are stored: while this one drains, whoever takes them first."""
        return records.NOBODY if self.runner.draining else self.process

    def submit(self, reply: UUID) -> None:
        """Have a queued reply run as soon as it is its turn."""
        if self.runner.draining:
            hints.wake("work")
        else:
            self.runner.submit(reply)

    async def drain(self, seconds: float) -> None:
        """Replies and jobs may come to their end for so long."""
        works = [self.worker.drain(seconds)] if self.worker else []
        await asyncio.gather(self.runner.drain(seconds), *works)

    async def close(self) -> None:
        """After the drain."""
        for task in self._tasks:
            task.cancel()
        hints.hub.forget(hints.ENGINES, self.on_wake)
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self.log.aclose()
        await hints.hub.close()
        await in_database(leases.release_lease, self.process)
        await aclose_client()

    def lose_all(self) -> None:
        """End the drain."""
        self.runner.lose_all()
        if self.worker:
            self.worker.lose_all()

    async def _every(self, seconds: float, work: Callable[[], Awaitable[float | None]]) -> None:
        """Do the work again and again, the next time after so many seconds or when it says itself; a fault of
        the database must not end the beat."""
        pause = seconds
        while True:
            await asyncio.sleep(pause)
            pause = seconds
            try:
                pause = await work() or seconds
            except Exception as error:
                level, how = _told(error)
                logger.log(level, "beat_failed", **how)

    def on_wake(self, wake: hints.Wake) -> None:
        """From the hub: what the next look would find is done now."""
        match wake["what"]:
            case "stop":
                self._begin(self.stop(UUID(wake["reply"])))
            case "ended":
                self._begin(self._announce_missed(self.log.awaited()))
            case _:
                self._want_work()

    def _begin(self, work: Coroutine[Any, Any, object]) -> None:
        task = asyncio.create_task(self._guarded(work))
        self._woken.add(task)
        task.add_done_callback(self._woken.discard)

    async def _guarded(self, work: Coroutine[Any, Any, object]) -> None:
        try:
            await work
        except Exception as error:
            level, how = _told(error)
            logger.log(level, "wake_failed", **how)

    async def _beat(self) -> float | None:
        """Renew the lease, and judge the others by the same clock. Returns when the next one lapses, if soon.
        What only looks at replies is ``_look``: they may be locked for long."""
        silence = await in_time(leases.renew_lease, self.process)
        if silence is None:
            await self._begin_again()
        self.beaten_at = now = self.loop.time()
        if silence is None or abs(silence) > leases.LATE:
            self._patient_until = now + PATIENCE_SECONDS
        if now < self._patient_until or self.runner.draining:
            return None
        dead, lapses_in = await in_time(leases.declare_dead, self.process)
        if dead:
            self._want_work()
        return lapses_in

    async def _look(self) -> None:
        """What hints did not tell."""
        self._wanted = True
        await self._look_for_work()
        held = await at_once(records.open_in, self.process)
        await self._end_unknown(self.runner.reconcile(held))
        await self._announce_missed(self.log.awaited())
        self._begin(self.runner.start_waiting())

    async def _end_unknown(self, unknown: list[UUID]) -> None:
        """Running here for long, and no task of ours: whoever stored it did not come to run it."""
        now = self.loop.time()
        self._unknown = {reply: self._unknown.get(reply, now) for reply in unknown}
        old = {reply for reply, since in self._unknown.items() if now - since >= UNKNOWN_SECONDS}
        for reply in await at_once(leases.end_unknown, self.process, old) if old else ():
            count_end(reply.state, reply.error_code)
            self.log.drop(reply.pk)

    async def _begin_again(self) -> None:
        """This process was silent until it was declared dead: its replies are no longer its own."""
        LEASES_LOST.inc()
        logger.error("lease_lost", extra={"lease": self.process})
        self.runner.lose_all()
        self.process = self.runner.process = await in_time(leases.take_lease)

    def _want_work(self) -> None:
        """However many want it, one look waits."""
        if not self._wanted:
            self._wanted = True
            self._begin(self._look_for_work())

    def _ended(self, reply: UUID) -> None:
        """Of those that nobody waits for as many ran as may: there is room for one more."""
        if reply in self._background and len(self._background) >= BACKGROUND_REPLIES:
            self._want_work()

    async def _look_for_work(self) -> None:
        async with self._taking:  # looks and hints may come together, and count what is free
            if self._wanted:  # else somebody has looked since
                self._wanted = False
                await self._take_over()

    async def _take_over(self) -> None:
        if self.runner.draining:
            if await at_once(records.hand_over, self.process):
                hints.wake("work")
            return
        self._background &= self.runner.held
        free = BACKGROUND_REPLIES - len(self._background) if self.worker else 0
        orphans = await at_once(leases.take_over, self.process, background=free)
        for reply in orphans.ended:
            count_end(reply.state, reply.error_code)
            self.log.drop(reply.pk)
        if orphans.ended:
            hints.wake("ended")
        for adopted in orphans.adopted:
            self.runner.submit(adopted)
        self._background.update(orphans.background)
        for adopted in orphans.background:
            self.runner.submit(adopted)
        if orphans.ended or orphans.adopted:
            REPLIES_TAKEN_OVER.labels("ended").inc(len(orphans.ended))
            REPLIES_TAKEN_OVER.labels("adopted").inc(len(orphans.adopted))
            counts = {"ended": len(orphans.ended), "adopted": len(orphans.adopted)}
            logger.warning("took_over", extra=counts)

    async def stop(self, reply: UUID) -> None:
        """After ``request_stop``: close the upstream if it runs here, or tell that a queued one has ended."""
        self.runner.stop(reply)
        if await self._announce_missed({reply: None}):
            await self.runner.start_waiting()

    async def _announce_missed(self, replies: Mapping[UUID, int | None]) -> bool:
        """Send the readers of those that have ended, whoever ended them, or gone on past this ``seq`` to the
        database."""
        missed = await at_once(records.missed_of, replies) if replies else []
        for reply in missed:
            self.log.drop(reply)
        return bool(missed)


def _told(error: Exception) -> tuple[int, dict[str, Any]]:
    """The level and the rest of its record: what comes back is done with the next beat."""
    if comes_back(error):
        return logging.WARNING, {"extra": {"error": repr(error)}}
    return logging.ERROR, {"exc_info": error}


def open_log() -> ReplyLog:
    if not settings.REDIS_URL:
        return MemoryLog()
    from chat.replies.redis_log import RedisLog  # the production extra has its client

    return RedisLog(settings.REDIS_URL, hints.hub)


_engine: asyncio.Future[Engine] | None = None
#: Set by ``manage.py serve`` when nobody else can use this database.
alone = False
#: Set by ``manage.py worker``; else the setting counts.
works = False


async def engine() -> Engine:
    """This process's engine, started at the first call."""
    global _engine
    if _engine is None:
        _engine = asyncio.ensure_future(Engine.start(alone=alone, works=works or settings.RUN_WORKER_IN_WEB))
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


REGISTRY.register(EngineCollector(running_engine))


def stop_upstreams(replies: Iterable[UUID]) -> None:
    """Close the upstreams of replies that are gone, in whatever process they run; from any thread."""
    for reply in replies:
        hints.wake("stop", reply)


async def drain_engine(seconds: float) -> None:
    if _engine is not None:
        try:
            await (await _engine).drain(seconds)
        except Exception:
            logger.exception("engine_not_closed")


async def close_engine() -> None:
    """It stays the engine, also closed: another one would take over what still runs in it, and begin what
    this process will not end."""
    if _engine is not None:
        try:
            await (await _engine).close()
        except Exception:
            logger.exception("engine_not_closed")
