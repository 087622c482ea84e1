"""Two processes on one PostgreSQL database, each with a data directory of its own."""

from __future__ import annotations

import asyncio
import os
from pathlib import Path

import pytest

from tests.harness.server import Server
from tests.harness.tab import Tab
from tests.simulator.process import SimulatorProcess
from tests.simulator.text import expected_text

pytestmark = [
    pytest.mark.fault,
    pytest.mark.skipif(
        not os.environ.get("DATABASE_URL", "").startswith("postgres"), reason="needs PostgreSQL"
    ),
]


def test_a_process_that_starts_ends_nothing_of_a_living_one(
    simulator: SimulatorProcess, tmp_path: Path
) -> None:
    async def scene(server: Server) -> None:
        async with Tab(server, "alice") as tab:
            sent = await tab.send("sim:tokens=300,rate=50,seed=6")
            reply = sent["message"]["reply"]["id"]
            await tab.wait(lambda: reply in tab.heard and tab.heard[reply].text)
            same = server.database.variables
            second = Server(tmp_path / "second", simulator.url, **same)
            await asyncio.to_thread(second.start)
            try:
                heard = await tab.ended(reply)
            finally:
                await asyncio.to_thread(second.__exit__)
            assert (heard.status, heard.text) == ("complete", expected_text(300, 6))
            assert "lease_lost" not in server.log + second.log

    with Server(tmp_path / "first", simulator.url) as server:
        asyncio.run(scene(server))
