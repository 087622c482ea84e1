"""What the engine of a process looks for besides its beat, however often it is told to."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import datetime
from typing import Any
from unittest.mock import AsyncMock, patch
from uuid import uuid4

from django.db import connections
from django.test import TransactionTestCase

from chat import hints
from chat.db import at_once, in_database, in_time
from chat.models import ProcessLease, Reply, ReplyState
from chat.replies import leases
from chat.replies.engine import BACKGROUND_REPLIES, Engine
from chat.selectors import member_principal
from chat.services.messages import post_message
from tests import people

MANY = 200


@asynccontextmanager
async def running_engine() -> AsyncIterator[Engine]:
    """It looks when it begins and when it is told, and never by itself. Its worker does no jobs."""
    worker = AsyncMock()
    with (
        patch("chat.replies.engine.LOOK_SECONDS", 1000),
        patch("chat.replies.engine.BEAT_SECONDS", 0.05),
        patch("chat.replies.engine.Worker", return_value=worker),
    ):
        engine = await Engine.start()
        try:
            yield engine
        finally:
            await engine.drain(5)
            await engine.close()
            for close in (in_database, at_once, in_time):
                await close(connections.close_all)


async def until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(30):
        while not await in_database(condition):  # noqa: ASYNC110 (nothing tells of it)
            await asyncio.sleep(0.02)


class LookTests(TransactionTestCase):
    def test_while_one_look_takes_long_the_beat_goes_on_and_of_many_hints_one_look_waits(self) -> None:
        """As long as somebody locks the replies."""
        free = threading.Event()
        begun = threading.Event()
        looks: list[Any] = []
        beats: set[datetime] = set()

        def look(*_: object, **__: object) -> leases.Orphans:
            begun.set()
            looks.append(free.wait(60))
            return leases.Orphans([], [], [])

        def beaten() -> bool:
            beats.add(ProcessLease.objects.get().beat_at)
            return len(beats) > 3

        async def scene() -> None:
            async with running_engine():
                before = asyncio.all_tasks()
                with patch("chat.replies.leases.take_over", look):
                    try:
                        hints.wake("work")
                        await asyncio.to_thread(begun.wait, 30)
                        for _ in range(MANY):
                            hints.wake("work")
                        await until(beaten)
                    finally:
                        free.set()
                    await asyncio.gather(*asyncio.all_tasks() - before)

        asyncio.run(scene())
        assert len(looks) == 2

    def test_of_many_that_nobody_waits_for_the_next_begins_when_one_ends(self) -> None:
        alice = member_principal(people.alice())
        assert alice

        def post() -> None:
            for _ in range(3 * BACKGROUND_REPLIES):
                post_message(principal=alice, id=uuid4(), conversation=uuid4(), content="Hello")

        async def scene() -> None:
            async with running_engine():
                await in_database(post)
                await until(lambda: not Reply.objects.exclude(state=ReplyState.COMPLETE).exists())

        asyncio.run(scene())
        assert Reply.objects.count() == 3 * BACKGROUND_REPLIES
