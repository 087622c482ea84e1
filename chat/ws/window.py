"""What has been sent on a socket and not yet been acknowledged.

Daphne takes whatever it is given and keeps it in memory until the client reads it, so the bound has to be in
the protocol: above ``LIMIT`` bytes unacknowledged nothing more is sent.
"""

from __future__ import annotations

import asyncio
from collections import deque

LIMIT = 256 * 1024
PATIENCE_SECONDS = 10.0


class TooSlow(Exception):
    """The window stayed full for ``PATIENCE_SECONDS``."""


class Window:
    def __init__(self) -> None:
        self.n = 0
        self.unacknowledged = 0
        self._sent: deque[tuple[int, int]] = deque()
        self._room = asyncio.Event()
        self._room.set()

    def sent(self, size: int) -> None:
        """Count a frame of this size; it has the next number."""
        self.n += 1
        self._sent.append((self.n, size))
        self.unacknowledged += size
        if self.unacknowledged > LIMIT:
            self._room.clear()

    def acknowledge(self, n: int) -> None:
        while self._sent and self._sent[0][0] <= n:
            self.unacknowledged -= self._sent.popleft()[1]
        if self.unacknowledged <= LIMIT:
            self._room.set()

    @property
    def full(self) -> bool:
        return not self._room.is_set()

    async def room(self) -> None:
        """Wait until there is room. Raises ``TooSlow``."""
        try:
            async with asyncio.timeout(PATIENCE_SECONDS):
                await self._room.wait()
        except TimeoutError:
            raise TooSlow from None
