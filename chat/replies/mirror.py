"""What other processes read of the replies that run here: sent to them as it grows, and only to them.

A process that reads a reply of another asks for it: *I have it up to ``after``; send the rest.* From then on
its inbox, a Redis stream of its own, gets what is new, of all replies that it asked for at once. Asking again
renews that, and begins again at ``after``: what was lost on the way comes a second time, and whoever has it
already skips it by its number.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import orjson
from redis.asyncio import Redis

from chat.replies.log import Cited, Ended, Entry, Started, Track, Waiting
from chat.tasks import cancelled

logger = logging.getLogger(__name__)

FLUSH_SECONDS = 0.03
AGAIN_SECONDS = 1.0
#: So long something is sent to a process that does not ask again.
ASKED_SECONDS = 30.0
#: What an inbox holds: more than a reader falls behind while it is alive, and nothing of a dead one for long.
INBOX_LENGTH = 2000
INBOX_SECONDS = 60


def inbox(process: str) -> str:
    return f"parley:inbox:{process}"


@dataclass(frozen=True, slots=True)
class Part:
    """The events of a reply after ``after``. ``started`` is None when it has been dropped."""

    reply: UUID
    after: int
    started: Started | None
    entries: list[Entry]


def encoded(part: Part) -> list[Any]:
    """A text is a string, everything else a list that begins with its name."""
    started = [part.started.outgoing, part.started.attempt] if part.started else None
    return [part.reply, part.after, started, [_encoded(entry) for entry in part.entries]]


def _encoded(entry: Entry) -> Any:
    match entry:
        case Cited():
            return ["cited", entry.citations, entry.nodes]
        case Waiting():
            return ["waiting", entry.at, entry.code]
        case Ended():
            return ["ended", entry.state, entry.length, entry.outgoing, entry.error_code, entry.retry_at]
        case _:
            return entry


def decoded(raw: list[Any]) -> Part:
    reply, after, started, entries = raw
    return Part(
        reply=UUID(reply),
        after=after,
        started=Started(UUID(started[0]), started[1]) if started else None,
        entries=[_decoded(entry, after + number) for number, entry in enumerate(entries, start=1)],
    )


def _decoded(raw: Any, seq: int) -> Entry:
    match raw:
        case ["cited", citations, nodes]:
            return Cited(seq, citations, nodes)
        case ["waiting", at, code]:
            return Waiting(seq, at, code)
        case ["ended", state, length, outgoing, error_code, retry_at]:
            return Ended(seq, state, length, UUID(outgoing), error_code, retry_at)
        case _:
            return str(raw)


@dataclass(slots=True)
class _Sent:
    """How far a process has been sent a reply, and when it asked for it last."""

    upto: int
    asked_at: float


class Mirror:
    """``track`` finds what is kept of a reply that runs in this process."""

    def __init__(self, redis: Redis, track: Callable[[UUID], Track | None]) -> None:
        self._redis, self._track = redis, track
        self._loop = asyncio.get_running_loop()
        self._sent: dict[str, dict[UUID, _Sent]] = {}
        #: Asked for before it began, or of a reply that runs elsewhere.
        self._early: dict[tuple[UUID, str], _Sent] = {}
        self._wanted = asyncio.Event()
        self._away = False
        self._task = asyncio.create_task(self._run(), name="mirror")

    def ask(self, reply: UUID, after: int, process: str) -> None:
        asked = _Sent(after, self._loop.time())
        if self._track(reply) is not None:
            self._send(reply, process, asked)
            return
        self._early.pop((reply, process), None)
        self._early[reply, process] = asked
        self._forget_early()

    def begin(self, reply: UUID) -> None:
        """The reply has begun here: whoever asked for it is sent it."""
        for asked_for, process in [key for key in self._early if key[0] == reply]:
            self._send(reply, process, self._early.pop((asked_for, process)))

    def sends(self, reply: UUID) -> bool:
        """Whether another process reads it."""
        since = self._loop.time() - ASKED_SECONDS
        return any(
            reply in theirs and theirs[reply].asked_at >= since for theirs in self._sent.values()
        ) or any(asked_for == reply and one.asked_at >= since for (asked_for, _), one in self._early.items())

    def _send(self, reply: UUID, process: str, asked: _Sent) -> None:
        self._sent.setdefault(process, {})[reply] = asked
        self._wanted.set()

    def _forget_early(self) -> None:
        """They stand in the order in which they were asked for."""
        old = self._loop.time() - ASKED_SECONDS
        while self._early[first := next(iter(self._early))].asked_at < old:
            del self._early[first]

    async def aclose(self) -> None:
        """Send the ends that have just been written, and no more."""
        await cancelled([self._task])
        if not self._away:
            await self._flush_safely()

    async def _run(self) -> None:
        while True:
            await self._wanted.wait()
            await asyncio.sleep(FLUSH_SECONDS if await self._flush_safely() else AGAIN_SECONDS)
            if not self._sent:
                self._wanted.clear()

    async def _flush_safely(self) -> bool:
        try:
            await self._flush()
        except Exception as error:
            if not self._away:
                logger.warning("mirror_away", extra={"error": repr(error)})
            self._away = True
            return False
        self._away = False
        return True

    async def _flush(self) -> None:
        """One entry for each process that has asked for something which grew, all in one round trip."""
        batches = {process: parts for process in list(self._sent) if (parts := self._news(process))}
        if not batches:
            return
        async with self._redis.pipeline(transaction=False) as pipeline:
            for process, parts in batches.items():
                body = orjson.dumps([encoded(part) for part in parts])
                pipeline.xadd(inbox(process), {"parts": body}, maxlen=INBOX_LENGTH, approximate=True)
                pipeline.expire(inbox(process), INBOX_SECONDS)
            await pipeline.execute()
        for process, parts in batches.items():
            for part in parts:
                self._advance(process, part)

    def _news(self, process: str) -> list[Part]:
        """What the process has not been sent yet; forgets what it no longer asks for."""
        replies, now = self._sent[process], self._loop.time()
        for reply in [reply for reply, sent in replies.items() if now - sent.asked_at > ASKED_SECONDS]:
            del replies[reply]
        if not replies:
            del self._sent[process]
        return [part for reply, sent in replies.items() if (part := self._part(reply, sent.upto))]

    def _part(self, reply: UUID, after: int) -> Part | None:
        track = self._track(reply)
        if track is None or track.gone:
            return Part(reply, after, None, [])
        entries = track.entries[after:]
        return Part(reply, after, track.started, entries) if entries else None

    def _advance(self, process: str, part: Part) -> None:
        """What was asked for again meanwhile begins where it was asked for."""
        replies = self._sent.get(process, {})
        sent = replies.get(part.reply)
        if sent is None or sent.upto != part.after:
            return
        sent.upto += len(part.entries)
        if part.started is None or any(isinstance(entry, Ended) for entry in part.entries[-1:]):
            del replies[part.reply]
