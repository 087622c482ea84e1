"""How late the event loop is, and what it does when it stands still.

A task asks four times a second; a thread looks at the task, because a loop that stands still cannot tell.
A loop that would go on and is given no processor does not stand still: that time is taken off.
"""

from __future__ import annotations

import asyncio
import logging
import sys
import threading
import time
import traceback
from contextlib import suppress
from pathlib import Path

from chat.metrics import LOOP_BLOCKED, LOOP_LAG_SECONDS

logger = logging.getLogger(__name__)

PROBE_SECONDS = 0.25
BLOCKED_SECONDS = 1.0


def starved(thread: int) -> float:
    """For how many seconds so far this thread waited for a processor; 0 where the system does not say."""
    with suppress(OSError, ValueError, IndexError):
        return int(Path(f"/proc/self/task/{thread}/schedstat").read_text().split()[1]) / 1e9
    return 0.0


class LagProbe:
    """Watches the running loop, which runs in the calling thread, from ``start`` on."""

    def __init__(self) -> None:
        self._thread, self._native = threading.get_ident(), threading.get_native_id()
        #: When the task asked last, and for how long the loop had starved by then.
        self._asked = time.monotonic(), starved(self._native)

    def start(self) -> None:
        self._task = asyncio.create_task(self._ask(), name="lag")
        threading.Thread(target=self._watch, name="lag", daemon=True).start()

    async def _ask(self) -> None:
        while True:
            self._asked = asked_at, _ = time.monotonic(), starved(self._native)
            await asyncio.sleep(PROBE_SECONDS)
            LOOP_LAG_SECONDS.observe(max(0.0, time.monotonic() - asked_at - PROBE_SECONDS))

    def _watch(self) -> None:
        told = 0.0
        while not self._task.done():
            looked_at = time.monotonic()
            time.sleep(PROBE_SECONDS)
            now, (asked_at, before) = time.monotonic(), self._asked
            # Where this thread was late as well, the whole process stood still: a paused machine, say.
            paused = now - looked_at > PROBE_SECONDS + BLOCKED_SECONDS
            late, waited = now - asked_at - PROBE_SECONDS, starved(self._native) - before
            if late - waited > BLOCKED_SECONDS and asked_at != told and not paused:
                told = asked_at
                self._tell(late, waited)

    def _tell(self, seconds: float, waited: float) -> None:
        LOOP_BLOCKED.inc()
        with suppress(KeyError):
            stack = "".join(traceback.format_stack(sys._current_frames()[self._thread]))
            times = {"seconds": round(seconds, 2), "starved": round(waited, 2)}
            logger.error("loop_blocked", extra={**times, "stack": stack.rstrip()})
