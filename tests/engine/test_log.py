"""What every reply log promises. Each implementation runs the whole suite."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Awaitable, Callable, Iterator
from uuid import UUID, uuid4

import pytest

from chat.hints.hub import Hub
from chat.replies.log import Cited, Ended, Event, LogGone, MemoryLog, Reader, ReplyLog, Started, Text
from chat.replies.redis_log import RedisLog
from tests.harness.server import free_port
from tests.services import own_redis


class Processes(RedisLog):
    """The log of one process, read in another one: both live in this loop, and share a hub."""

    def __init__(self, url: str) -> None:
        hub = Hub()
        hub.open()
        super().__init__(url, hub)
        self.elsewhere = RedisLog(url, hub)

    async def reader(self, reply: UUID) -> Reader:  # type: ignore[override]
        return await self.elsewhere.reader(reply)

    async def aclose(self) -> None:
        await self.elsewhere.aclose()
        await super().aclose()


def alone(url: str) -> ReplyLog:
    hub = Hub()
    hub.open()
    return RedisLog(url, hub)


#: The address is that of a Redis.
LOGS: dict[str, Callable[[str], ReplyLog]] = {
    "memory": lambda url: MemoryLog(),
    "redis": alone,
    "processes": Processes,
}
made: list[ReplyLog] = []


@pytest.fixture(scope="session")
def redis(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with own_redis(tmp_path_factory.mktemp("redis"), free_port()) as url:
        yield url


@pytest.fixture(params=LOGS)
def make_log(request: pytest.FixtureRequest, redis: str) -> Callable[[], ReplyLog]:
    def make() -> ReplyLog:
        made.append(LOGS[request.param](redis))
        return made[-1]

    return make


def run(work: Awaitable[None]) -> None:
    async def bounded() -> None:
        try:
            async with asyncio.timeout(20):
                await work
        finally:
            while made:
                await made.pop().aclose()

    asyncio.run(bounded())


async def write(log: ReplyLog, reply: UUID, texts: list[str], *, pause: bool = False) -> None:
    await log.start(reply, Started(uuid4(), 1))
    for text in texts:
        await log.text(reply, text)
        if pause:
            await asyncio.sleep(0)
    await log.end(reply, state="complete", length=len("".join(texts)), outgoing=uuid4())


async def read(reader: Reader, after: int = 0) -> list[Event]:
    events: list[Event] = []
    while new := await reader.news(after):
        events += new
        after = next((event.seq for event in reversed(new) if not isinstance(event, Started)), after)
    reader.close()
    return events


def text_of(events: list[Event]) -> str:
    return "".join(event.text for event in events if isinstance(event, Text))


def assert_contiguous(events: list[Event], after: int) -> None:
    """Every event follows the one before it by number: no gap, no double."""
    for event in events:
        if isinstance(event, Started):
            continue
        assert (event.from_seq if isinstance(event, Text) else event.seq - 1) == after
        after = event.seq


def test_a_reader_from_the_beginning_sees_all_and_the_end(make_log: Callable[[], ReplyLog]) -> None:
    async def scene() -> None:
        log, reply = make_log(), uuid4()
        reader = await log.reader(reply)
        events, _ = await asyncio.gather(read(reader), write(log, reply, ["Hel", "lo", "!"], pause=True))
        assert isinstance(events[0], Started)
        assert text_of(events) == "Hello!"
        assert isinstance(events[-1], Ended)
        assert (events[-1].seq, events[-1].state, events[-1].length) == (4, "complete", 6)
        assert_contiguous(events, 0)

    run(scene())


def test_a_reader_may_start_after_any_number(make_log: Callable[[], ReplyLog]) -> None:
    async def scene() -> None:
        log, reply, texts = make_log(), uuid4(), [str(number % 10) for number in range(50)]
        await write(log, reply, texts)
        for after in range(52):
            events = await read(await log.reader(reply), after)
            assert text_of(events) == "".join(texts[after:])
            assert_contiguous(events, after)

    run(scene())


def test_readers_who_come_at_random_moments_see_the_same_text(make_log: Callable[[], ReplyLog]) -> None:
    async def late(log: ReplyLog, reply: UUID, steps: int) -> str:
        for _ in range(steps):
            await asyncio.sleep(0)
        return text_of(await read(await log.reader(reply)))

    async def scene() -> None:
        log, reply, choose = make_log(), uuid4(), random.Random(7)
        texts = [choose.choice(["a", "漢字", "😀", "\n", " "]) for _ in range(400)]
        readers = [asyncio.create_task(late(log, reply, choose.randrange(500))) for _ in range(40)]
        await write(log, reply, texts, pause=True)
        assert {await reader for reader in readers} == {"".join(texts)}

    run(scene())


def test_texts_that_wait_together_are_joined(make_log: Callable[[], ReplyLog]) -> None:
    async def scene() -> None:
        log, reply = make_log(), uuid4()
        await write(log, reply, ["a", "b", "c"])
        events = await read(await log.reader(reply))
        assert [event for event in events if isinstance(event, Text)] == [Text(0, 3, "abc")]

    run(scene())


def test_citations_keep_their_place_between_texts(make_log: Callable[[], ReplyLog]) -> None:
    async def scene() -> None:
        log, reply = make_log(), uuid4()
        await log.start(reply, Started(uuid4(), 1))
        await log.text(reply, "a")
        assert await log.cite(reply, [], [{"number": 1}]) == 2
        assert await log.text(reply, "b") == 3
        await log.end(reply, state="complete", length=2, outgoing=uuid4())
        events = await read(await log.reader(reply))
        assert [type(event) for event in events] == [Started, Text, Cited, Text, Ended]
        assert_contiguous(events, 0)

    run(scene())


def test_a_number_past_what_is_kept_is_for_the_database(make_log: Callable[[], ReplyLog]) -> None:
    async def scene() -> None:
        log, reply = make_log(), uuid4()
        await log.start(reply, Started(uuid4(), 1))
        await log.text(reply, "a")
        reader = await log.reader(reply)
        with pytest.raises(LogGone):
            await read(reader, 2)

    run(scene())


def test_a_reply_has_one_end(make_log: Callable[[], ReplyLog]) -> None:
    async def scene() -> None:
        log, reply = make_log(), uuid4()
        await write(log, reply, ["a"])
        await log.end(reply, state="interrupted", length=0, outgoing=uuid4())
        ends = [event for event in await read(await log.reader(reply)) if isinstance(event, Ended)]
        assert [end.state for end in ends] == ["complete"]

    run(scene())


def test_a_log_is_forgotten_after_its_time(make_log: Callable[[], ReplyLog]) -> None:
    async def scene() -> None:
        log, reply = MemoryLog(kept_seconds=0), uuid4()
        await write(log, reply, ["a"])
        for _ in range(100):
            await asyncio.sleep(0)
            reader = await log.reader(reply)
            if not reader.known:
                break
        assert not reader.known
        reader.close()

    run(scene())
