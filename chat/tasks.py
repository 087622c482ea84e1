"""Ending tasks that call libraries."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from typing import Any


async def cancelled(tasks: Iterable[asyncio.Task[Any]]) -> None:
    """Cancel them until they have ended: redis-py takes a cancellation while it connects for a failed
    connection, so that the task would go on. What they raise is of no interest any more."""
    running = set(tasks)
    while running:
        for task in running:
            task.cancel()
        ended, running = await asyncio.wait(running, timeout=1)
        for task in ended:
            if not task.cancelled():
                task.exception()  # else asyncio would log that nobody asked for it
