"""How long an upstream may take, and the watchdog that sees to it."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import TYPE_CHECKING, cast

from chat.completions.errors import UpstreamSlow, UpstreamStalled, UpstreamTimeout

if TYPE_CHECKING:
    from types import TracebackType


@dataclass(frozen=True, slots=True)
class Deadlines:
    """In seconds. ``first`` and ``gap`` wait for content: comments and keep-alives do not count.

    ``tail`` is how long a reply that has said it is finished may still take to end.
    """

    connect: float = 5
    first: float = 30
    gap: float = 30
    total: float = 300
    tail: float = 5


class Watchdog:
    """Raises out of what is awaited inside ``with watchdog:`` as soon as a deadline has passed.

    One timer per reply, which looks at the clock again when it fires: a token costs no timer. Time that the
    reader of the reply takes between two waits is not the upstream's pause.
    """

    __slots__ = (
        "_cancelling",
        "_deadlines",
        "_due",
        "_end",
        "_expired",
        "_finishing",
        "_late",
        "_loop",
        "_task",
        "_timer",
        "_waiting",
    )

    def __init__(self, deadlines: Deadlines) -> None:
        """Belongs to the task that makes it, which is the one that waits."""
        self._loop = asyncio.get_running_loop()
        self._task: asyncio.Task[object] = cast("asyncio.Task[object]", asyncio.current_task())
        self._deadlines = deadlines
        self._due = self._loop.time() + deadlines.first
        self._end = self._loop.time() + deadlines.total
        self._late: type[UpstreamTimeout] = UpstreamSlow
        self._expired: type[UpstreamTimeout] | None = None
        self._waiting = self._finishing = False
        self._cancelling = 0
        self._timer = self._loop.call_at(min(self._due, self._end), self._look)

    def content(self) -> None:
        """Something of the reply came: the clock of the gap starts anew."""
        self._due = self._loop.time() + self._deadlines.gap
        self._late = UpstreamStalled

    def finishing(self) -> None:
        """The upstream has said that it is done; only the end of the stream is awaited."""
        if self._finishing:
            return
        self._finishing = True
        self._due = self._loop.time() + self._deadlines.tail
        self._timer.cancel()
        self._timer = self._loop.call_at(min(self._due, self._end), self._look)

    def close(self) -> None:
        self._timer.cancel()

    def _look(self) -> None:
        now = self._loop.time()
        if not self._waiting:
            self._due = max(self._due, now + self._deadlines.gap)
        due = min(self._due, self._end)
        if now < due:
            self._timer = self._loop.call_at(due, self._look)
            return
        self._expired = UpstreamTimeout if now >= self._end else self._late
        if self._waiting:
            self._task.cancel()

    def __enter__(self) -> None:
        if self._expired is not None:
            raise self._expired()
        self._waiting = True
        self._cancelling = self._task.cancelling()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        waiting, self._waiting = self._waiting, False
        if self._expired is None or not waiting:
            return
        # Somebody else's cancel at the same moment wins, as with asyncio.timeout().
        if self._task.uncancel() <= self._cancelling and kind is asyncio.CancelledError:
            raise self._expired() from error
