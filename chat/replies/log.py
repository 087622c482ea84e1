"""The log of a reply: what its runner writes and every reader follows, all alike.

Each event has a number ``seq`` that rises by 1. Any reader may start after any ``seq`` while the log is kept
and sees every later event once, in order; texts that wait together are joined. A log is kept for
``KEPT_SECONDS`` after its end; from then on the database answers.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any, Protocol
from uuid import UUID

KEPT_SECONDS = 30.0


@dataclass(frozen=True, slots=True)
class Started:
    """The reply left the queue. It has no number of its own: it stands before the first event."""

    outgoing: UUID
    attempt: int


@dataclass(frozen=True, slots=True)
class Text:
    """Covers the events after ``from_seq`` up to ``seq``."""

    from_seq: int
    seq: int
    text: str


@dataclass(frozen=True, slots=True)
class Cited:
    seq: int
    citations: list[dict[str, Any]]
    nodes: list[dict[str, Any]]


@dataclass(frozen=True, slots=True)
class Ended:
    """``length`` is the number of code points of the whole text."""

    seq: int
    state: str
    length: int
    outgoing: UUID
    error_code: str = ""


Event = Started | Text | Cited | Ended


class LogGone(Exception):
    """Nothing is kept for this reply, or not from where it was asked: read the database."""


class Reader(Protocol):
    """One reader's subscription. It sees all that is appended from the moment it was made."""

    def events(self, after: int) -> AsyncIterator[list[Event]]:
        """Lists of what is new, as it comes; ends after ``Ended``. Raises ``LogGone``: also at the end of a
        reply that never ran here."""
        ...

    @property
    def known(self) -> bool:
        """Whether the log holds anything of this reply."""
        ...

    def close(self) -> None: ...


class ReplyLog(Protocol):
    async def start(self, reply: UUID, started: Started) -> None: ...

    async def text(self, reply: UUID, text: str) -> int:
        """Append a text; returns its ``seq``."""
        ...

    async def cite(
        self, reply: UUID, citations: list[dict[str, Any]], nodes: list[dict[str, Any]]
    ) -> int: ...

    async def end(
        self, reply: UUID, *, state: str, length: int, outgoing: UUID, error_code: str = ""
    ) -> int: ...

    async def reader(self, reply: UUID) -> Reader:
        """Subscribe. The caller closes the reader."""
        ...

    def awaited(self) -> list[UUID]:
        """The replies that somebody reads and of which nothing is known here."""
        ...


class _Track:
    """What is kept of one reply. ``entries[i]`` has the number ``i + 1``; texts are kept as plain strings
    (a kept frame would cost 4 KB each)."""

    __slots__ = ("ended", "entries", "readers", "started")

    def __init__(self) -> None:
        self.started: Started | None = None
        self.entries: list[str | Cited | Ended] = []
        self.ended = False
        self.readers: set[MemoryReader] = set()

    @property
    def known(self) -> bool:
        return self.started is not None or self.ended

    def append(self, entry: str | Cited | Ended) -> int:
        self.entries.append(entry)
        self.wake()
        return len(self.entries)

    def wake(self) -> None:
        for reader in self.readers:
            reader.news.set()

    def after(self, seq: int) -> list[Event]:
        events: list[Event] = []
        texts: list[str] = []
        for entry in self.entries[seq:]:
            seq += 1
            if isinstance(entry, str):
                texts.append(entry)
                continue
            if texts:
                events.append(Text(seq - 1 - len(texts), seq - 1, "".join(texts)))
                texts = []
            events.append(entry)
        if texts:
            events.append(Text(seq - len(texts), seq, "".join(texts)))
        return events


class MemoryReader:
    """A reader of a log in this process's memory."""

    def __init__(self, log: MemoryLog, reply: UUID, track: _Track) -> None:
        self._log, self._reply, self._track = log, reply, track
        self.news = asyncio.Event()
        track.readers.add(self)

    @property
    def known(self) -> bool:
        return self._track.known

    async def events(self, after: int) -> AsyncIterator[list[Event]]:
        track = self._track
        while not track.known:
            self.news.clear()
            await self.news.wait()
        if track.started is None or after > len(track.entries):
            raise LogGone
        batch: list[Event] = [track.started]
        while True:
            self.news.clear()
            new = track.after(after)
            after += sum(event.seq - event.from_seq if isinstance(event, Text) else 1 for event in new)
            if batch := batch + new:
                yield batch
            if track.ended and after == len(track.entries):
                return
            batch = []
            await self.news.wait()

    def close(self) -> None:
        self._track.readers.discard(self)
        self._log.forget_if_unused(self._reply)


class MemoryLog:
    """The log of a single process. Its methods belong to one event loop."""

    def __init__(self, *, kept_seconds: float = KEPT_SECONDS) -> None:
        self._tracks: dict[UUID, _Track] = {}
        self._kept_seconds = kept_seconds

    def _track(self, reply: UUID) -> _Track:
        return self._tracks.setdefault(reply, _Track())

    async def start(self, reply: UUID, started: Started) -> None:
        track = self._track(reply)
        track.started = started
        track.wake()

    async def text(self, reply: UUID, text: str) -> int:
        return self._tracks[reply].append(text)

    async def cite(self, reply: UUID, citations: list[dict[str, Any]], nodes: list[dict[str, Any]]) -> int:
        track = self._tracks[reply]
        return track.append(Cited(len(track.entries) + 1, citations, nodes))

    async def end(self, reply: UUID, *, state: str, length: int, outgoing: UUID, error_code: str = "") -> int:
        track = self._tracks.get(reply)
        if track is None:
            return 0  # it never ran here and nobody waits for it
        if not track.ended:
            track.ended = True
            track.append(Ended(len(track.entries) + 1, state, length, outgoing, error_code))
            asyncio.get_running_loop().call_later(self._kept_seconds, self._tracks.pop, reply, None)
        return len(track.entries)

    async def reader(self, reply: UUID) -> MemoryReader:
        return MemoryReader(self, reply, self._track(reply))

    def awaited(self) -> list[UUID]:
        return [reply for reply, track in self._tracks.items() if track.readers and not track.known]

    def forget_if_unused(self, reply: UUID) -> None:
        """Drop what a reader of a reply made that never started here."""
        track = self._tracks.get(reply)
        if track and not track.readers and not track.known:
            del self._tracks[reply]
