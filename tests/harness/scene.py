"""A scene of tabs in an event loop of its own."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from typing import Any

#: Longer than any scene takes: a bound for what hangs, not a measure.
SECONDS = 240


def run(scene: Coroutine[Any, Any, None]) -> None:
    async def bounded() -> None:
        async with asyncio.timeout(SECONDS):
            await scene

    asyncio.run(bounded())
