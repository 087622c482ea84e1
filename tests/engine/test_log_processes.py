"""A reply that one process writes and others read, while hints are lost and Redis goes and comes back."""

from __future__ import annotations

import asyncio
import random
from uuid import UUID, uuid4

import pytest

from chat.hints.groups import Post
from chat.hints.hub import Hub
from chat.replies.log import Ended, LogGone, Started, Text
from chat.replies.redis_log import RedisLog
from tests.harness.cluster import Store
from tests.harness.scale import scaled

pytestmark = pytest.mark.fault
ROUNDS = scaled(50, 3)
REPLIES, READERS, TEXTS = 4, 12, 150


class LossyHub(Hub):
    """Loses a third of what is told."""

    def __init__(self, choose: random.Random) -> None:
        super().__init__()
        self.choose = choose

    def post(self, *posts: Post) -> None:
        super().post(*(one for one in posts if self.choose.random() > 1 / 3))


@pytest.mark.parametrize("seed", range(ROUNDS))
def test_every_reader_has_the_whole_text_in_the_end(store: Store, seed: int) -> None:
    choose = random.Random(seed)
    replies = {
        uuid4(): [choose.choice(["a", "漢字", "😀", "\n", "}"]) for _ in range(TEXTS)] for _ in range(REPLIES)
    }

    async def scene() -> None:
        hub = LossyHub(choose)
        hub.open()
        logs = [RedisLog(store.url, hub) for _ in range(3)]
        try:
            async with asyncio.timeout(50), asyncio.TaskGroup() as together:
                for reply, texts in replies.items():
                    together.create_task(written(logs[0], reply, texts, choose))
                reading = [
                    together.create_task(read(logs[choose.randrange(3)], reply, replies[reply], choose))
                    for reply in choose.choices(list(replies), k=READERS)
                ]
                await asyncio.sleep(choose.random())
                await asyncio.to_thread(store.end)
                await asyncio.sleep(choose.random())
                await asyncio.to_thread(store.start)
            assert all(task.result() for task in reading)
        finally:
            for log in logs:
                await log.aclose()

    asyncio.run(scene())


async def written(log: RedisLog, reply: UUID, texts: list[str], choose: random.Random) -> None:
    await asyncio.sleep(choose.random() / 2)
    await log.start(reply, Started(uuid4(), 1))
    for text in texts:
        await log.text(reply, text)
        await asyncio.sleep(choose.random() * 0.04)
    await log.end(reply, state="complete", length=len("".join(texts)), outgoing=uuid4())


async def read(log: RedisLog, reply: UUID, texts: list[str], choose: random.Random) -> bool:
    """Read as a tab does: after what it has; when the log is gone, again. The numbers follow each other."""
    await asyncio.sleep(choose.random() * 3)
    seq, text = 0, ""
    while True:
        reader = await log.reader(reply)
        try:
            while batch := await reader.news(seq):
                for event in batch:
                    if isinstance(event, Text):
                        assert event.from_seq == seq
                        seq, text = event.seq, text + event.text
                    elif isinstance(event, Ended):
                        assert event.seq == seq + 1
                        seq = event.seq
            return text == "".join(texts)
        except LogGone:
            await asyncio.sleep(0.1)
        finally:
            reader.close()
