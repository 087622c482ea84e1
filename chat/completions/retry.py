"""When an attempt that brought nothing is worth another one at once."""

from __future__ import annotations

import asyncio
from contextlib import aclosing
from dataclasses import replace
from typing import TYPE_CHECKING

from chat.completions.deltas import Retrying
from chat.completions.errors import (
    UpstreamBusy,
    UpstreamCut,
    UpstreamError,
    UpstreamUnavailable,
    UpstreamUnreachable,
)
from chat.metrics import RETRIES

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Callable

    from chat.completions.deadlines import Deadlines
    from chat.completions.deltas import Delta

#: Pauses before the second and the third attempt, unless the upstream names its own.
PAUSES = (0.5, 1.5)
#: A shorter pause is over before anybody has read of it.
WORTH_TELLING = 1.0
#: Seconds after the first attempt began in which another may still begin. Most endpoints count their limits
#: by the minute: whoever waits for so long finds room.
WINDOW_BUSY = 60.0
#: A connection that fails does so at once; whoever waits shall hear of it within six seconds. This also
#: covers a kept connection which the upstream closed at the moment of our request.
WINDOW_BROKEN = 3.0


def pause_before_retry(error: UpstreamError, retries: int, elapsed: float) -> float | None:
    """Seconds to wait before another attempt; ``None`` when the error is to be shown."""
    if retries >= len(PAUSES):
        return None
    match error:
        case UpstreamBusy() | UpstreamUnavailable():
            pause, window = max(PAUSES[retries], error.retry_after or 0.0), WINDOW_BUSY
        case UpstreamUnreachable() | UpstreamCut():
            pause, window = PAUSES[retries], WINDOW_BROKEN
        case _:
            return None
    return pause if elapsed + pause <= window else None


async def with_retries(
    attempt: Callable[[Deadlines], AsyncGenerator[list[Delta], None]], deadlines: Deadlines
) -> AsyncGenerator[list[Delta], None]:
    """The first attempt that brings anything, to its end; errors before that are retried where it helps.

    A pause before another attempt is told by a ``Retrying``. Pauses and attempts share the total.
    """
    loop = asyncio.get_running_loop()
    began, retries, started = loop.time(), 0, False
    while True:
        left = deadlines.total - (loop.time() - began)
        try:
            async with aclosing(attempt(replace(deadlines, total=left))) as reply:
                async for deltas in reply:
                    started = True
                    yield deltas
            return
        except UpstreamError as error:
            elapsed = loop.time() - began
            pause = None if started else pause_before_retry(error, retries, elapsed)
            if pause is None or elapsed + pause >= deadlines.total:
                raise
            code = error.code
        retries += 1
        RETRIES.labels(code).inc()
        if pause >= WORTH_TELLING:
            yield [Retrying(pause, code)]
        await asyncio.sleep(pause)
