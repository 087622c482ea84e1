"""The way between the hubs of several processes: one group of the channel layer, which all of them hear.

Each process says something at least every second and listens for itself. Whoever does not hear itself has
lost the layer, however that happened: it subscribes anew until it hears itself again, and meanwhile, and once
afterwards, it looks in the database for what it may have missed.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Iterable
from contextlib import suppress
from typing import Any
from uuid import uuid4

from channels.layers import get_channel_layer

from chat.hints.groups import Post
from chat.tasks import cancelled

logger = logging.getLogger(__name__)

GROUP = "hubs"
BEAT_SECONDS = 1.0
#: So long a call or our own voice may take.
PATIENCE_SECONDS = 2.5
AGAIN_SECONDS = 2.0
#: A transaction commits after the time that its rows carry, and a hint needs a moment.
MARGIN_SECONDS = 5.0


async def publish(posts: Iterable[Post], by: str = "", missed: float = 0) -> None:
    """``missed``: what this process had to say in the last seconds may be lost."""
    layer: Any = get_channel_layer()
    message = {"type": "hints", "by": by, "posts": list(posts), "missed": missed}
    async with asyncio.timeout(PATIENCE_SECONDS):
        await layer.group_send(GROUP, message)


class Relay:
    def __init__(
        self, tell: Callable[[Iterable[Post]], None], look: Callable[[float], Awaitable[None]]
    ) -> None:
        self._tell, self._look = tell, look
        self._name = uuid4().hex
        self._loop = asyncio.get_running_loop()
        self._layer: Any = get_channel_layer()
        self._unsent: list[Post] = []
        self._news = asyncio.Event()
        self._away = False
        self._heard_at = self._sure_until = self._loop.time()
        self._unsure = asyncio.Event()
        self._tasks: list[asyncio.Task[None]] = []

    def start(self) -> None:
        self._tasks = [asyncio.create_task(self._run()), asyncio.create_task(self._look_back())]

    async def close(self) -> None:
        """Say what is left to say, and go."""
        posts, self._unsent = self._unsent, []
        if posts:
            try:
                await publish(posts, self._name)
            except Exception as error:
                logger.warning("hints_lost", extra={"count": len(posts), "error": repr(error)})
        await cancelled(self._tasks)

    def send(self, posts: list[Post]) -> None:
        """Pass it on. While the layer is away it is lost: the others look."""
        self._unsent += posts
        self._news.set()

    async def _run(self) -> None:
        while True:
            try:
                await self._join()
            except Exception as error:
                self._lose(error)
            await asyncio.sleep(AGAIN_SECONDS)

    def _lose(self, error: Exception) -> None:
        if not self._away:
            self._away = True
            logger.warning("hints_away", extra={"error": repr(error)})
        self._unsent.clear()
        self._doubt(self._heard_at)

    async def _join(self) -> None:
        """Subscribe, speak and listen, until something fails."""
        tasks: set[asyncio.Task[None]] = set()
        try:
            async with asyncio.timeout(PATIENCE_SECONDS):
                channel = await self._layer.new_channel()
                await self._layer.group_add(GROUP, channel)
            tasks = {asyncio.create_task(self._speak()), asyncio.create_task(self._listen(channel))}
            done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
            done.pop().result()
        finally:
            # Before the listener is cancelled: it would ask Redis to take back its subscription.
            flushing = asyncio.create_task(self._layer.flush())
            try:
                await asyncio.wait({flushing}, timeout=PATIENCE_SECONDS)
            finally:
                await cancelled({flushing, *tasks})

    async def _speak(self) -> None:
        began = self._loop.time()
        while self._loop.time() - max(began, self._heard_at) < PATIENCE_SECONDS:
            self._news.clear()
            posts, self._unsent = self._unsent, []
            await publish(posts, self._name, began - self._heard_at if self._away else 0)
            with suppress(TimeoutError):
                async with asyncio.timeout(BEAT_SECONDS):
                    await self._news.wait()
        raise TimeoutError("the layer does not return what it is told")

    async def _listen(self, channel: str) -> None:
        while True:
            message = await self._layer.receive(channel)
            try:
                self._take(message)
            except (ValueError, TypeError, KeyError):
                logger.warning("hint_unread")  # of another version, perhaps

    def _take(self, message: dict[str, Any]) -> None:
        if message["by"] == self._name:
            self._hear_ourselves()
            return
        self._tell((group, event) for group, event in message["posts"])
        if message["missed"]:
            self._doubt(self._loop.time() - message["missed"])

    def _hear_ourselves(self) -> None:
        self._heard_at = self._loop.time()
        if self._away:
            self._away = False
            logger.warning("hints_back")

    def _doubt(self, since: float) -> None:
        """What came after that time may have passed us by."""
        self._sure_until = min(since, self._sure_until) if self._unsure.is_set() else since
        self._unsure.set()

    async def _look_back(self) -> None:
        """Look again and again for as long as the layer is away, and once after that."""
        while True:
            await self._unsure.wait()
            begin, now, away = self._sure_until, self._loop.time(), self._away
            try:
                await self._look(now - begin + MARGIN_SECONDS)
            except Exception as error:
                logger.warning("hints_not_looked_for", extra={"error": repr(error)})
            else:
                self._see(begin, now, away or self._away)
            await asyncio.sleep(AGAIN_SECONDS)

    def _see(self, begin: float, now: float, away: bool) -> None:
        if self._sure_until != begin:
            return  # meanwhile something older came into doubt
        self._sure_until = now
        if not away:
            self._unsure.clear()
