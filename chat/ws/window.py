"""What has been sent on a socket and not yet been acknowledged.

Daphne takes whatever it is given and keeps it in memory until the client reads it, so the bound has to be in
the protocol: above ``LIMIT`` bytes unacknowledged nothing more is sent.
"""

from __future__ import annotations

import asyncio

LIMIT = 256 * 1024
PATIENCE_SECONDS = 10.0


class TooSlow(Exception):
    """The window stayed full for ``PATIENCE_SECONDS``."""


class Window:
    def __init__(self) -> None:
        self.n = 0
        self.unacknowledged = 0
        #: Of the frames that are not acknowledged; the last of them has the number ``n``.
        self._sizes: list[int] = []
        self._room: asyncio.Event | None = None

    def sent(self, size: int) -> None:
        """Count a frame of this size; it has the next number."""
        self.n += 1
        self._sizes.append(size)
        self.unacknowledged += size

    def acknowledge(self, n: int) -> None:
        """Up to the frame ``n``; what is acknowledged already, or was never sent, changes nothing."""
        count = max(0, min(n, self.n) - self.n + len(self._sizes))
        self.unacknowledged -= sum(self._sizes[:count])
        del self._sizes[:count]
        if self._room and not self.full:
            self._room.set()
            self._room = None

    @property
    def full(self) -> bool:
        return self.unacknowledged > LIMIT

    async def room(self) -> None:
        """Wait until there is room. Raises ``TooSlow``."""
        self._room = self._room or asyncio.Event()
        try:
            async with asyncio.timeout(PATIENCE_SECONDS):
                await self._room.wait()
        except TimeoutError:
            raise TooSlow from None
