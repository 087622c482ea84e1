"""Stopping, again and again: no connection to the upstream is left behind."""

from __future__ import annotations

import asyncio
import time
from uuid import uuid4

import pytest

from tests.harness.scale import LATE
from tests.harness.server import Server
from tests.harness.tab import Tab
from tests.simulator.process import SimulatorProcess

pytestmark = pytest.mark.fault
STOPS = 100
AT_ONCE = 10


def test_a_hundred_double_stops_leave_no_upstream_connection(
    server: Server, simulator: SimulatorProcess
) -> None:
    async def stopped_twice() -> float:
        async with Tab(server, "alice") as tab, Tab(server, "alice") as other:
            mark = f"twice-{uuid4()}"
            sent = await tab.send(f"{mark} sim:tokens=5000,rate=50")
            reply = sent["message"]["reply"]["id"]
            await tab.wait(lambda: reply in tab.heard and tab.heard[reply].text)
            asked = time.monotonic()
            await asyncio.gather(tab.say("stop", reply=reply), other.say("stop", reply=reply))
            assert (await tab.ended(reply)).status == "stopped"
            record = await asyncio.to_thread(simulator.request_like, mark)
            return float(record["closed_at"]) - asked

    async def scene() -> list[float]:
        times: list[float] = []
        for _ in range(STOPS // AT_ONCE):
            times += await asyncio.gather(*(stopped_twice() for _ in range(AT_ONCE)))
        return times

    times = asyncio.run(scene())
    simulator.wait_until(lambda stats: stats["open"] == 0, within=2 + LATE)
    assert max(times) < 1 + LATE
    print(f"{len(times)} double stops: upstream closed within {max(times):.2f} s, 0 connections left")
