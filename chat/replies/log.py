"""The log of a reply: what its runner writes and every reader follows, all alike.

Each event has a number ``seq`` that rises by 1. Any reader may start after any ``seq`` while the log is kept
and sees every later event once, in order; texts that wait together are joined. A log is kept for
``KEPT_SECONDS`` after its end; from then on the database answers.
"""

from __future__ import annotations

import asyncio
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, NamedTuple, Protocol
from uuid import UUID

KEPT_SECONDS = 30.0


@dataclass(frozen=True, slots=True)
class Started:
    """The reply left the queue. It has no number of its own: it stands before the first event."""

    outgoing: UUID
    attempt: int


class Text(NamedTuple):  # one for each token and reader: a frozen dataclass takes three times as long to make
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
class Waiting:
    """The endpoint failed with ``code`` before its first word. It is asked again ``at`` this time, in seconds
    since 1970: whoever reads of it later is told how long it still takes."""

    seq: int
    at: float
    code: str


@dataclass(frozen=True, slots=True)
class Ended:
    """``length`` is the number of code points of the whole text. ``retry_at``, in seconds since 1970, is when
    the endpoint wants to be asked again; 0: it did not say."""

    seq: int
    state: str
    length: int
    outgoing: UUID
    error_code: str = ""
    retry_at: float = 0.0


Event = Started | Text | Cited | Waiting | Ended


class LogGone(Exception):
    """Nothing is kept for this reply, or not from where it was asked: read the database."""


class Reader(Protocol):
    """One reader's subscription. It sees all that is appended from the moment it was made."""

    async def news(self, after: int) -> list[Event] | None:
        """What came after ``after``, as soon as there is anything; the first time it begins with ``Started``.
        After the ``Ended`` there is nothing more. None: it was nudged. Raises ``LogGone``: also at the end of
        a reply that never ran here."""
        ...

    def nudge(self) -> None:
        """Let whoever waits for news do without."""
        ...

    @property
    def known(self) -> bool:
        """Whether the log holds anything of this reply."""
        ...

    async def known_within(self, seconds: float) -> bool:
        """Wait until it does, but no longer."""
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

    async def wait(self, reply: UUID, *, at: float, code: str) -> int: ...

    async def end(
        self,
        reply: UUID,
        *,
        state: str,
        length: int,
        outgoing: UUID,
        error_code: str = "",
        retry_at: float = 0.0,
    ) -> int: ...

    async def reader(self, reply: UUID) -> Reader:
        """Subscribe. The caller closes the reader."""
        ...

    def drop(self, reply: UUID) -> None:
        """Only the database knows how it goes on, or how somebody else ended it: its readers get ``LogGone``.
        Nothing happens when it has its end."""
        ...

    def awaited(self) -> dict[UUID, int | None]:
        """The replies that somebody reads and whose end nobody may tell here. A number: what is known here
        stands still at this ``seq``, and so do its readers."""
        ...

    def is_read(self, reply: UUID) -> bool:
        """Whether somebody reads it, or may do so: of one that does not run here nobody can say."""
        ...

    async def aclose(self) -> None: ...


Entry = str | Cited | Waiting | Ended


class Track:
    """What is kept of one reply. ``entries[i]`` has the number ``i + 1``; texts are kept as plain strings
    (a kept frame would cost 4 KB each)."""

    __slots__ = ("ended", "entries", "gone", "readers", "started")

    def __init__(self) -> None:
        self.started: Started | None = None
        self.entries: list[Entry] = []
        self.ended = False
        self.gone = False
        self.readers: set[MemoryReader] = set()

    @property
    def known(self) -> bool:
        return self.started is not None or self.gone

    def append(self, entry: Entry) -> int:
        self.entries.append(entry)
        self.wake()
        return len(self.entries)

    def wake(self) -> None:
        for reader in self.readers:
            reader.wake()

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

    def __init__(self, log: MemoryLog, reply: UUID, track: Track) -> None:
        self._log, self._reply, self._track = log, reply, track
        self._waiter: asyncio.Future[None] | None = None
        self._begun = self._nudged = False
        track.readers.add(self)

    @property
    def known(self) -> bool:
        return self._track.known

    async def known_within(self, seconds: float) -> bool:
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._until_known()
        return self.known

    async def _until_known(self) -> None:
        while not self._track.known:
            await self._news()

    async def news(self, after: int) -> list[Event] | None:
        track = self._track
        await self._until_known()
        if track.started is None or after > len(track.entries):
            raise LogGone
        events: list[Event] = [] if self._begun else [track.started]
        self._begun = True
        while not events and after == len(track.entries) and not (track.ended or track.gone):
            await self._news()
            if self._nudged:
                self._nudged = False
                return None
        if track.gone:
            raise LogGone
        return events + track.after(after)

    def nudge(self) -> None:
        self._nudged = True
        self.wake()

    def wake(self) -> None:
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(None)

    async def _news(self) -> None:
        """Wait for the next ``wake``: once for each token and reader, so without the cost of an Event."""
        self._waiter = asyncio.get_running_loop().create_future()
        await self._waiter

    def close(self) -> None:
        self._track.readers.discard(self)
        self._log.forget_if_unused(self._reply)


class MemoryLog:
    """The log of a single process. Its methods belong to one event loop."""

    def __init__(self, *, kept_seconds: float = KEPT_SECONDS) -> None:
        self._tracks: dict[UUID, Track] = {}
        self._kept_seconds = kept_seconds

    def _track(self, reply: UUID) -> Track:
        return self._tracks.setdefault(reply, Track())

    async def start(self, reply: UUID, started: Started) -> None:
        track = self._track(reply)
        track.started = started
        track.wake()

    async def text(self, reply: UUID, text: str) -> int:
        return self._tracks[reply].append(text)

    async def cite(self, reply: UUID, citations: list[dict[str, Any]], nodes: list[dict[str, Any]]) -> int:
        track = self._tracks[reply]
        return track.append(Cited(len(track.entries) + 1, citations, nodes))

    async def wait(self, reply: UUID, *, at: float, code: str) -> int:
        track = self._tracks[reply]
        return track.append(Waiting(len(track.entries) + 1, at, code))

    async def end(
        self,
        reply: UUID,
        *,
        state: str,
        length: int,
        outgoing: UUID,
        error_code: str = "",
        retry_at: float = 0.0,
    ) -> int:
        track = self._tracks.get(reply)
        if track is None:
            return 0  # it never ran here and nobody waits for it
        if not track.ended:
            track.ended = True
            track.append(Ended(len(track.entries) + 1, state, length, outgoing, error_code, retry_at))
            self._forget_later(reply, track)
        return len(track.entries)

    def _forget_later(self, reply: UUID, track: Track) -> None:
        asyncio.get_running_loop().call_later(self._kept_seconds, self._forget, reply, track)

    def _forget(self, reply: UUID, track: Track) -> None:
        if self._tracks.get(reply) is track:
            del self._tracks[reply]

    def drop(self, reply: UUID) -> None:
        track = self._tracks.get(reply)
        if track is None or track.ended or track.gone:
            return
        track.gone = True
        track.wake()
        if track.started is None:
            del self._tracks[reply]
        else:
            self._forget_later(reply, track)  # what runs it may not have noticed yet

    async def reader(self, reply: UUID) -> MemoryReader:
        return MemoryReader(self, reply, self._track(reply))

    def awaited(self) -> dict[UUID, int | None]:
        return {reply: None for reply, track in self._tracks.items() if track.readers and not track.known}

    def is_read(self, reply: UUID) -> bool:
        track = self._tracks.get(reply)
        return bool(track and track.readers)

    async def aclose(self) -> None:
        """Nothing to give back."""

    def forget_if_unused(self, reply: UUID) -> None:
        """Drop what a reader of a reply made that never started here."""
        track = self._tracks.get(reply)
        if track and not track.readers and not track.known:
            del self._tracks[reply]
