"""The log where several processes make replies: each keeps its own in memory, and copies of what it reads of
the others'.

What runs here is appended and read as without Redis, and costs nothing more until another process asks for
it (``chat.replies.mirror``). What runs elsewhere and has a reader here is asked for, by a hint that is
repeated until it comes. It arrives in this process's inbox and grows here as a copy, which every reader
follows like any other log. While Redis is away there are no copies, and one that stands still while the
database goes on is dropped: the readers get ``LogGone`` and read the database.
"""

from __future__ import annotations

import asyncio
import logging
from contextlib import suppress
from dataclasses import dataclass
from typing import Any
from uuid import UUID, uuid4

import orjson
from redis.asyncio import Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff

from chat.hints.hub import Hub
from chat.replies.log import KEPT_SECONDS, Ended, MemoryLog, MemoryReader, Started, Track
from chat.replies.mirror import Mirror, Part, decoded, inbox
from chat.tasks import cancelled

logger = logging.getLogger(__name__)

#: The group in which processes ask for replies.
ASKS = "asks"
CALL_SECONDS, BLOCK_SECONDS = 2.0, 1.0
AGAIN_SECONDS = 1.0
#: A reply that begins here a moment later needs no asking.
SOON_SECONDS = 0.02
#: Between one asking and the next: while nothing has come, when something was missing, and to renew it.
UNKNOWN_SECONDS, GAP_SECONDS, RENEWAL_SECONDS = 1.0, 0.25, 10.0
#: A copy that has been silent for so long may be of a process that is dead, or that Redis takes nothing from
#: (it is full, or cut off from it alone).
SILENT_SECONDS = 2.0


@dataclass(slots=True)
class _Copy:
    """When it was asked for last (or wanted first), the pause until it is asked for again, and when it was
    last heard of; by the loop's clock."""

    asked_at: float
    pause: float = SOON_SECONDS
    heard_at: float = 0.0


def client(url: str, *, blocking: float = 0) -> Redis:
    """``blocking``: so many seconds a call may take by its nature."""
    return Redis.from_url(
        url,
        socket_connect_timeout=CALL_SECONDS,
        socket_timeout=CALL_SECONDS + blocking,
        health_check_interval=15,
        retry=Retry(NoBackoff(), 1),  # a connection that was closed while it was idle is replaced
    )


class RedisLog(MemoryLog):
    """``hub`` carries the asking between processes."""

    def __init__(self, url: str, hub: Hub, *, kept_seconds: float = KEPT_SECONDS) -> None:
        super().__init__(kept_seconds=kept_seconds)
        self.process = uuid4().hex
        self._hub = hub
        self._loop = asyncio.get_running_loop()
        self._copies: dict[UUID, _Copy] = {}
        self._due, self._following = asyncio.Event(), asyncio.Event()
        self._away = False
        self._writing, self._reading = client(url), client(url, blocking=BLOCK_SECONDS)
        self._mirror = Mirror(self._writing, self._own)
        self._tasks = [
            asyncio.create_task(self._ask(), name="log asks"),
            asyncio.create_task(self._receive(), name="log inbox"),
        ]
        hub.listen(ASKS, self._on_ask)

    async def aclose(self) -> None:
        self._hub.forget(ASKS, self._on_ask)
        await cancelled(self._tasks)
        await self._mirror.aclose()
        await self._writing.aclose()
        await self._reading.aclose()

    async def start(self, reply: UUID, started: Started) -> None:
        self._copies.pop(reply, None)
        await super().start(reply, started)
        self._mirror.begin(reply)

    async def reader(self, reply: UUID) -> MemoryReader:
        if not self._track(reply).known and reply not in self._copies:
            self._copies[reply] = _Copy(self._loop.time())
            self._due.set()
            self._following.set()
        return await super().reader(reply)

    def drop(self, reply: UUID) -> None:
        super().drop(reply)
        if self._copies.pop(reply, None):
            self._tracks.pop(reply, None)

    def awaited(self) -> dict[UUID, int | None]:
        """Also the copies of which nothing has been heard for long."""
        since = self._loop.time() - SILENT_SECONDS
        silent = {reply: self._track(reply) for reply, copy in self._copies.items() if copy.heard_at < since}
        return {reply: len(track.entries) if track.known else None for reply, track in silent.items()}

    def is_read(self, reply: UUID) -> bool:
        return self._own(reply) is None or super().is_read(reply) or self._mirror.sends(reply)

    def forget_if_unused(self, reply: UUID) -> None:
        if reply in self._copies and not self._track(reply).readers:
            del self._copies[reply], self._tracks[reply]

    def _own(self, reply: UUID) -> Track | None:
        track = self._tracks.get(reply)
        return track if track and track.started and reply not in self._copies else None

    def _on_ask(self, ask: dict[str, Any]) -> None:
        if ask["process"] != self.process:
            self._mirror.ask(UUID(ask["reply"]), ask["after"], ask["process"])

    async def _ask(self) -> None:
        """Ask the others for what is due."""
        while True:
            self._due.clear()
            next_at = min((copy.asked_at + copy.pause for copy in self._copies.values()), default=None)
            with suppress(TimeoutError):
                async with asyncio.timeout_at(next_at):
                    await self._due.wait()
                    await asyncio.sleep(SOON_SECONDS)
            now = self._loop.time()
            due = [reply for reply, copy in self._copies.items() if copy.asked_at + copy.pause <= now]
            if due:
                self._hub.post(*[(ASKS, self._asking(reply)) for reply in due])
            for reply in due:
                copy, known = self._copies[reply], self._track(reply).known
                copy.asked_at, copy.pause = now, RENEWAL_SECONDS if known else UNKNOWN_SECONDS

    def _asking(self, reply: UUID) -> dict[str, Any]:
        return {"reply": reply.hex, "after": len(self._track(reply).entries), "process": self.process}

    async def _receive(self) -> None:
        """Read the inbox for as long as anything is followed."""
        after = "0"
        while True:
            if not self._copies:
                self._following.clear()
                await self._following.wait()
            try:
                after = await self._read_inbox(after)
            except Exception as error:
                self._lose(error)
                after = "0"  # a new Redis may count anew; what comes twice is skipped
                await asyncio.sleep(AGAIN_SECONDS)

    async def _read_inbox(self, after: str) -> str:
        """Take what came after that entry; returns the newest."""
        block = int(BLOCK_SECONDS * 1000)
        streams: Any = await self._reading.xread({inbox(self.process): after}, block=block)
        if self._away:
            self._away = False
            logger.warning("log_back")
        for _, entries in streams:
            for number, fields in entries:
                after = number
                self._take_all(fields)
        return after

    def _take_all(self, fields: dict[bytes, bytes]) -> None:
        """An entry that cannot be read, as of another version, is left out: its part is asked for anew."""
        try:
            parts = [decoded(raw) for raw in orjson.loads(fields[b"parts"])]
        except (ValueError, TypeError, KeyError, IndexError):
            logger.warning("log_entry_unread")
            return
        for part in parts:
            self._take(part)

    def _take(self, part: Part) -> None:
        copy = self._copies.get(part.reply)
        if copy is None:
            return  # nobody reads it here any more
        if part.started is None:
            self.drop(part.reply)
            return
        track = self._track(part.reply)
        have = len(track.entries)
        if part.after > have:
            copy.pause = GAP_SECONDS
            self._due.set()
            return
        copy.heard_at, copy.pause = self._loop.time(), RENEWAL_SECONDS
        track.started = part.started
        track.entries += part.entries[have - part.after :]
        if isinstance(track.entries[-1], Ended):
            track.ended = True
            del self._copies[part.reply]
            self._forget_later(part.reply, track)
        track.wake()

    def _lose(self, error: Exception) -> None:
        if not self._away:
            self._away = True
            logger.warning("log_away", extra={"error": repr(error)})
        for reply in [reply for reply in self._copies if self._track(reply).known]:
            self.drop(reply)
