"""The hub of one process, and its way to the others when the layer gets stuck."""

from __future__ import annotations

import asyncio
import sys
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from unittest.mock import patch

from chat.hints.groups import Post
from chat.hints.hub import Hub
from chat.hints.relay import Relay

THREADS, POSTS = 8, 4000


def test_no_hint_is_lost_when_many_threads_post_at_once() -> None:
    heard: Counter[int] = Counter()

    async def scene() -> None:
        hub, loop = Hub(), asyncio.get_running_loop()
        hub.open()
        hub.listen("all", lambda event: heard.update([event["thread"]]))

        def posting(thread: int) -> None:
            for _ in range(POSTS):
                hub.post(("all", {"thread": thread}))

        with ThreadPoolExecutor(THREADS) as threads:
            await asyncio.gather(*(loop.run_in_executor(threads, posting, one) for one in range(THREADS)))

    interval = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    try:
        asyncio.run(scene())
    finally:
        sys.setswitchinterval(interval)
    assert heard == Counter({thread: POSTS for thread in range(THREADS)})


class StuckLayer:
    """Fails once, and is then stuck in its clean-up, which takes one cancellation for something else."""

    def __init__(self) -> None:
        self.flushes = 0
        self.queue: asyncio.Queue[dict[str, Any]] = asyncio.Queue()

    async def new_channel(self) -> str:
        if not self.flushes:
            raise OSError("the layer is away")
        return "channel"

    async def group_add(self, group: str, channel: str) -> None: ...

    async def group_send(self, group: str, message: dict[str, Any]) -> None:
        self.queue.put_nowait(message)

    async def receive(self, channel: str) -> dict[str, Any]:
        return await self.queue.get()

    async def flush(self) -> None:
        self.flushes += 1
        if self.flushes == 1:
            try:
                await asyncio.Event().wait()
            except asyncio.CancelledError:
                await asyncio.Event().wait()


def test_a_layer_that_is_stuck_in_its_clean_up_is_joined_again() -> None:
    told: list[Post] = []

    async def scene() -> None:
        layer = StuckLayer()

        async def look(seconds: float) -> None: ...

        with (
            patch("chat.hints.relay.get_channel_layer", return_value=layer),
            patch("chat.hints.relay.PATIENCE_SECONDS", 0.2),
            patch("chat.hints.relay.AGAIN_SECONDS", 0.05),
        ):
            relay = Relay(told.extend, look)
            relay.start()
            layer.queue.put_nowait({"by": "another", "posts": [("group", {})], "missed": 0})
            async with asyncio.timeout(10):
                while not told:  # noqa: ASYNC110 (what it is told with is the test's own)
                    await asyncio.sleep(0.01)
            await relay.close()

    asyncio.run(scene())
    assert told == [("group", {})]
