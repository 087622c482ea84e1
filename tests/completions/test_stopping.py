"""Whoever stops reading closes the upstream: at once, and however often they ask."""

from __future__ import annotations

import asyncio
from contextlib import aclosing, suppress
from time import monotonic
from typing import TYPE_CHECKING

from chat.completions.deltas import Endpoint, Finish
from chat.completions.providers import stream
from tests.completions.asking import question, read, with_client
from tests.harness.scale import LATE

if TYPE_CHECKING:
    from tests.simulator import SimulatorProcess


def slow(simulator: SimulatorProcess, seed: int) -> Endpoint:
    return Endpoint("openai", simulator.url, "", f"sim:tokens=400,rate=20,seed={seed}")


async def until_open(simulator: SimulatorProcess, count: int) -> None:
    await asyncio.to_thread(simulator.wait_until, lambda stats: stats["open"] == count)


async def cancelled_twice(task: asyncio.Task[object], turns: int) -> None:
    """The second cancel comes while the first is being handled, some turns of the loop later."""
    task.cancel()
    for _ in range(turns):
        await asyncio.sleep(0)
    task.cancel()
    with suppress(asyncio.CancelledError):
        await task
    assert task.cancelled()


def test_cancelling_the_reader_closes_the_upstream_within_a_second(simulator: SimulatorProcess) -> None:
    async def main() -> float:
        reading = asyncio.create_task(read(slow(simulator, 51), question()))
        await until_open(simulator, 1)
        stopped = monotonic()
        reading.cancel()
        await until_open(simulator, 0)
        return stopped

    stopped = asyncio.run(with_client(main()))
    record = simulator.request_like("seed=51")
    assert record["closed_early"]
    assert record["closed_at"] - stopped < 1 + LATE


def test_closing_the_generator_closes_the_upstream(simulator: SimulatorProcess) -> None:
    async def main() -> None:
        async with aclosing(stream(slow(simulator, 52), question())) as batches:
            async for _ in batches:
                break
        await until_open(simulator, 0)

    asyncio.run(with_client(main()))
    assert simulator.request_like("seed=52")["closed_early"]


def test_sixty_double_cancels_leave_no_connection_behind(simulator: SimulatorProcess) -> None:
    async def main() -> None:
        tasks = [asyncio.create_task(read(slow(simulator, 1000 + n), question())) for n in range(60)]
        await until_open(simulator, 60)
        await asyncio.gather(*(cancelled_twice(task, n % 4) for n, task in enumerate(tasks)))
        await until_open(simulator, 0)
        endpoint = Endpoint("openai", simulator.url, "", "sim:tokens=5,seed=53")
        replies = await asyncio.gather(*(read(endpoint, question()) for _ in range(60)))
        assert {reply.finish for reply in replies} == {Finish("stop")}

    before = simulator.stats()["closed_early"]
    asyncio.run(with_client(main()))
    assert simulator.stats()["closed_early"] == before + 60


def test_a_cancel_before_the_headers_leaves_no_connection_behind(simulator: SimulatorProcess) -> None:
    async def main() -> None:
        for turns in range(12):
            endpoint = Endpoint("openai", simulator.url, "", f"sim:hang,seed={2000 + turns}")
            task = asyncio.create_task(read(endpoint, question()))
            for _ in range(turns):
                await asyncio.sleep(0)
            await cancelled_twice(task, turns % 3)
        await until_open(simulator, 0)

    asyncio.run(with_client(main()))


def test_a_cancel_during_the_pause_before_another_try_is_a_cancel(simulator: SimulatorProcess) -> None:
    async def main() -> None:
        endpoint = Endpoint("openai", simulator.url, "", "sim:429,retry_after=20,seed=54")
        task = asyncio.create_task(read(endpoint, question()))
        await asyncio.to_thread(simulator.wait_until, lambda stats: "seed=54" in stats["requests"][-1]["key"])
        await cancelled_twice(task, 0)

    asyncio.run(with_client(main()))
