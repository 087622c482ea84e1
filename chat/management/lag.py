"""How late the event loop is, and what it does when it stands still.

A task asks four times a second; a thread looks at the task, because a loop that stands still cannot tell.
"""

from __future__ import annotations

import asyncio
import logging
import sys
import threading
import time
import traceback
from contextlib import suppress

from chat.metrics import LOOP_BLOCKED, LOOP_LAG_SECONDS

logger = logging.getLogger(__name__)

PROBE_SECONDS = 0.25
BLOCKED_SECONDS = 1.0


class LagProbe:
    """Watches the running loop, which runs in the calling thread, from ``start`` on."""

    def __init__(self) -> None:
        self._thread = threading.get_ident()
        self._asked_at = time.monotonic()

    def start(self) -> None:
        self._task = asyncio.create_task(self._ask(), name="lag")
        threading.Thread(target=self._watch, name="lag", daemon=True).start()

    async def _ask(self) -> None:
        while True:
            self._asked_at = time.monotonic()
            await asyncio.sleep(PROBE_SECONDS)
            LOOP_LAG_SECONDS.observe(max(0.0, time.monotonic() - self._asked_at - PROBE_SECONDS))

    def _watch(self) -> None:
        told = 0.0
        while not self._task.done():
            looked_at = time.monotonic()
            time.sleep(PROBE_SECONDS)
            now, asked_at = time.monotonic(), self._asked_at
            # Where this thread was late as well, the whole process stood still: a paused machine, say.
            paused = now - looked_at > PROBE_SECONDS + BLOCKED_SECONDS
            if now - asked_at > PROBE_SECONDS + BLOCKED_SECONDS and asked_at != told and not paused:
                told = asked_at
                self._tell(now - asked_at - PROBE_SECONDS)

    def _tell(self, seconds: float) -> None:
        LOOP_BLOCKED.inc()
        with suppress(KeyError):
            stack = "".join(traceback.format_stack(sys._current_frames()[self._thread]))
            logger.error("loop_blocked", extra={"seconds": round(seconds, 2), "stack": stack.rstrip()})
