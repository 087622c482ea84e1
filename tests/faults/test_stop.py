"""Stopping, again and again: no connection to the upstream is left behind. Leaving stops nothing."""

from __future__ import annotations

import asyncio
import random
import time
from uuid import uuid4

import pytest

from tests.harness.scale import LATE, scaled
from tests.harness.server import Server
from tests.harness.tab import Tab
from tests.simulator.process import SimulatorProcess
from tests.simulator.text import expected_text

pytestmark = pytest.mark.fault
STOPS = 100
AT_ONCE = 10
SEEDS = range(scaled(20, 2))


def test_a_hundred_double_stops_leave_no_upstream_connection(
    server: Server, simulator: SimulatorProcess
) -> None:
    async def stopped_twice(seed: int) -> float:
        tokens = random.Random(seed).randrange(1, 15)
        async with Tab(server, "alice") as tab, Tab(server, "alice") as other:
            mark = f"twice-{uuid4()}"
            sent = await tab.send(f"{mark} sim:tokens=5000,rate=50,seed={seed}")
            reply = sent["message"]["reply"]["id"]
            await tab.wait(lambda: reply in tab.heard and tab.heard[reply].seq >= tokens)
            asked = time.monotonic()
            await asyncio.gather(tab.say("stop", reply=reply), other.say("stop", reply=reply))
            heard = await tab.ended(reply)
            assert heard.status == "stopped"
            assert expected_text(5000, seed).startswith(heard.text)
            record = await asyncio.to_thread(simulator.request_like, mark)
            return float(record["closed_at"]) - asked

    async def scene() -> list[float]:
        times: list[float] = []
        for first in range(0, STOPS, AT_ONCE):
            times += await asyncio.gather(*map(stopped_twice, range(first, first + AT_ONCE)))
        return times

    times = asyncio.run(scene())
    simulator.wait_until(lambda stats: stats["open"] == 0, within=2 + LATE)
    assert max(times) < 1 + LATE
    print(f"{len(times)} double stops: upstream closed within {max(times):.2f} s, 0 connections left")


def test_who_closes_the_tab_stops_nothing(server: Server, simulator: SimulatorProcess) -> None:
    async def left(seed: int) -> None:
        mark, tokens = f"left-{uuid4()}", random.Random(seed).randrange(1, 40)
        async with Tab(server, "alice") as tab:
            sent = (await tab.send(f"{mark} sim:tokens=80,rate=40,seed={seed}"))["message"]
            reply = sent["reply"]["id"]
            await tab.wait(lambda: reply in tab.heard and tab.heard[reply].seq >= tokens)
            if seed % 2:
                tab.cut()
                await tab.lost()
        async with Tab(server, "alice") as later:
            await later.say("open", conversation=sent["conversation"], reply=reply)
            heard = await later.ended(reply)
        assert (heard.status, heard.text) == ("complete", expected_text(80, seed))
        assert not (await asyncio.to_thread(simulator.request_like, mark))["closed_early"]

    async def scene() -> None:
        await asyncio.gather(*map(left, SEEDS))

    asyncio.run(scene())
    simulator.wait_until(lambda stats: stats["open"] == 0, within=2 + LATE)
