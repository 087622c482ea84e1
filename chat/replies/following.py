"""Reading a reply from its log to its end, whoever reads: a socket, an event stream, a call that waits."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable, Sequence
from typing import NamedTuple
from uuid import UUID

from chat.db import unless_away
from chat.models import ENDED, Reply
from chat.replies.engine import engine
from chat.replies.log import Cited, Ended, Event, LogGone, Reader, Started

#: A reader that has just read waits so long for more before it reads again. The first text goes at once; a
#: fast model's tokens are joined, which saves most of the frames and costs nothing a reader can see.
JOIN_SECONDS = 0.025
#: How often the database is read for a reply of which the log knows nothing, and for one that it has lost.
LOOK_SECONDS, AGAIN_SECONDS = 2.0, 0.2


class Snapshot(NamedTuple):
    """The text as it is stored, up to ``seq``: what the log does not hold."""

    seq: int
    text: str


News = Event | Snapshot


async def follow(
    reply: UUID, after: int, look: Callable[[], Reply], *, quiet: float | None = None
) -> AsyncGenerator[Sequence[News], None]:
    """All that happens to a reply after ``after``, to its end. Subscribes first, then replays, then follows.

    What the log does not hold is read from the database, again and again until the log holds it: ``look``
    reads the reply with its outgoing message. With ``quiet`` an empty sequence comes whenever nothing has
    happened for so many seconds. While the database is away it is asked again and again.
    """
    log = (await engine()).log
    reader = await log.reader(reply)
    within, gone = 0.0, False
    pace = Pace(quiet)
    try:
        while True:
            try:
                if reader.known or (within and await reader.known_within(within)):
                    pace.nudges(reader)
                    while (events := await reader.news(after)) is None or events:
                        yield events or ()
                        for event in events or ():
                            after = after if isinstance(event, Started) else event.seq
                        await pace.rest()
                    return
            except LogGone:
                reader.close()
                reader = await log.reader(reply)
                await asyncio.sleep(AGAIN_SECONDS if gone else 0)
                gone = True
            row = await unless_away(look)
            if reader.known and not gone:
                continue  # it began meanwhile
            within = min(LOOK_SECONDS, quiet or LOOK_SECONDS)
            if row is None:
                if quiet:
                    yield ()
                if reader.known:  # else the log is waited for
                    await asyncio.sleep(within)
                continue
            if row.state in ENDED or row.seq > after or (gone and reader.known):
                yield stored(row)
                after = row.seq
            elif quiet:
                yield ()
            if row.state in ENDED:
                return
    finally:
        pace.close()
        reader.close()


class Pace:
    """Joins what comes fast: nobody reads sooner than ``JOIN_SECONDS`` after the time before. A reader that
    has had no news for ``quiet`` seconds is nudged; a time-out for each wait costs more than the wait."""

    def __init__(self, quiet: float | None) -> None:
        self._loop = asyncio.get_running_loop()
        self._last = 0.0
        self._quiet = quiet
        self._timer: asyncio.TimerHandle | None = None

    def nudges(self, reader: Reader) -> None:
        self.close()
        if self._quiet is not None:
            self._timer = self._loop.call_later(self._quiet, self._nudge, reader, self._quiet)

    def _nudge(self, reader: Reader, quiet: float) -> None:
        silent = self._loop.time() - self._last
        if silent >= quiet:
            reader.nudge()
        self._timer = self._loop.call_later(quiet - silent % quiet, self._nudge, reader, quiet)

    def close(self) -> None:
        if self._timer is not None:
            self._timer.cancel()

    async def rest(self) -> None:
        if (early := self._last + JOIN_SECONDS - self._loop.time()) > 0:
            await asyncio.sleep(early)
        self._last = self._loop.time()


def stored(row: Reply) -> list[News]:
    """What the database knows: the text, and the end if there is one."""
    found: list[News] = [Snapshot(row.seq, row.text)]
    if row.state in ENDED:
        if row.outgoing.citation_nodes:
            found.append(Cited(row.seq, row.outgoing.citations, row.outgoing.citation_nodes))
        again = row.retry_at.timestamp() if row.retry_at else 0.0
        found.append(Ended(row.seq + 1, row.state, len(row.text), row.outgoing_id, row.error_code, again))
    return found
