"""One timer for all paced streams: a callback per stream and token would cost more than the sending."""

from __future__ import annotations

import heapq
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import asyncio
    from collections.abc import Callable

TICK = 0.001


class Wheel:
    """Runs callbacks at the millisecond they are due, together."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self.loop = loop
        self.slots: dict[int, list[Callable[[], None]]] = {}
        self.due: list[int] = []
        self.armed: int | None = None

    def at(self, when: float, callback: Callable[[], None]) -> None:
        slot = int(when / TICK) + 1
        if slot in self.slots:
            self.slots[slot].append(callback)
            return
        self.slots[slot] = [callback]
        heapq.heappush(self.due, slot)
        if self.armed is None or slot < self.armed:
            self._arm(slot)

    def _arm(self, slot: int) -> None:
        self.armed = slot
        self.loop.call_at(slot * TICK, self._turn, slot)

    def _turn(self, armed: int) -> None:
        if armed != self.armed:
            return
        now = int(self.loop.time() / TICK)
        while self.due and self.due[0] <= now:
            for callback in self.slots.pop(heapq.heappop(self.due)):
                callback()
        self.armed = None
        if self.due:
            self._arm(self.due[0])
