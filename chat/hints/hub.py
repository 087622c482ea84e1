"""The hub of this process: who listens to which group, and what is told to them.

Listeners are told in the event loop, directly. With ``REDIS_URL`` everything is also passed on to the hubs of
the other processes (``chat.hints.relay``); without it there are none.
"""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from collections.abc import Callable, Collection, Iterable
from typing import Any
from uuid import UUID

from asgiref.sync import async_to_sync
from django.conf import settings

from chat.db import in_database
from chat.hints import missed
from chat.hints.groups import CONVERSATION, Post
from chat.hints.relay import Relay, publish

logger = logging.getLogger(__name__)

Listener = Callable[[Any], object]


class Hub:
    """Its methods belong to the loop in which it was opened; ``post`` may be called from any thread."""

    def __init__(self) -> None:
        self._listeners: dict[str, set[Listener]] = {}
        self._waiting: deque[Post] = deque()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._relay: Relay | None = None
        self._found: set[missed.Found] = set()

    def open(self) -> None:
        """Tell in this loop from now on."""
        self._loop = asyncio.get_running_loop()
        if settings.REDIS_URL and self._relay is None:
            self._relay = Relay(self._tell, self._look)
            self._relay.start()

    async def close(self) -> None:
        if self._relay:
            await self._relay.close()
            self._relay = None

    def listen(self, group: str, listener: Listener) -> None:
        self._listeners.setdefault(group, set()).add(listener)

    def forget(self, group: str, listener: Listener) -> None:
        listeners = self._listeners.get(group, set())
        listeners.discard(listener)
        if not listeners:
            self._listeners.pop(group, None)

    def listening(self, group: str) -> int:
        """How many listeners it has here."""
        return len(self._listeners.get(group, ()))

    def post(self, *posts: Post) -> None:
        """Tell this process's listeners and the other processes. What is posted at once, as by one
        transaction, travels together."""
        if self._loop is not None and self._loop.is_running():
            self._waiting.extend(posts)
            self._loop.call_soon_threadsafe(self._deliver)
        elif settings.REDIS_URL:
            try:
                async_to_sync(publish)(posts)  # a command: nobody listens in its process
            except Exception as error:
                logger.warning("hints_lost", extra={"count": len(posts), "error": repr(error)})

    def _deliver(self) -> None:
        posts: list[Post] = []
        while self._waiting:  # one by one: threads go on adding
            posts.append(self._waiting.popleft())
        self._tell(posts)
        if posts and self._relay:
            self._relay.send(posts)

    def _tell(self, posts: Iterable[Post]) -> None:
        for group, event in posts:
            for listener in list(self._listeners.get(group, ())):
                try:
                    listener(event)
                except Exception:
                    logger.exception("hint_not_taken", extra={"group": group})

    async def _look(self, seconds: float) -> None:
        """Read in the database what the last ``seconds`` may have brought that nobody told us, and tell it.
        One look serves every socket of the process."""
        found = await in_database(missed.since, seconds, self._conversations())
        self._tell(one.post for one in found if one not in self._found)
        self._found = set(found)

    def _conversations(self) -> Collection[UUID]:
        """Those that are open in a tab of this process."""
        groups = (group for group in self._listeners if group.startswith(CONVERSATION))
        return {UUID(group.removeprefix(CONVERSATION)) for group in groups}


hub = Hub()
