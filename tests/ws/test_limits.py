"""How many sockets one person may have, and how many messages a minute."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Iterator
from uuid import uuid4

import pytest

from tests.harness.guest import Guest
from tests.harness.scene import run
from tests.harness.server import Server
from tests.harness.tab import Tab
from tests.simulator.process import SimulatorProcess


@pytest.fixture(scope="module")
def server(simulator: SimulatorProcess, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    limits = {"SOCKETS_PER_PERSON": "2", "SOCKETS_PER_ADDRESS": "3", "MESSAGES_PER_MINUTE": "3"}
    with Server(tmp_path_factory.mktemp("data"), simulator.url, **limits) as running:
        yield running


def test_messages_are_limited_by_the_minute(server: Server) -> None:
    async def scene() -> None:
        async with Tab(server, "charlie") as tab:
            conversation = str(uuid4())
            for _ in range(3):
                await tab.send("sim:tokens=1", conversation=conversation)
            id = str(uuid4())
            await tab.say("send", id=id, conversation=conversation, content="one more")
            error = await tab.frame("error", ref=id)
            assert error["code"] == "rate_limited"
            assert re.search(r"\b(1\d|20) seconds", error["message"])

    run(scene())


def test_asking_again_counts_as_a_message(server: Server) -> None:
    async def scene() -> None:
        async with Tab(server, "bob") as tab:
            sent = await tab.send("sim:fault=500")
            message = sent["message"]["id"]
            for _ in range(3):
                await tab.say("retry", message=message)
            assert (await tab.frame("error", ref=message))["code"] == "rate_limited"

    run(scene())


def test_a_person_has_a_bounded_number_of_sockets(server: Server) -> None:
    async def scene() -> None:
        async with Tab(server, "alice"), Tab(server, "alice") as second:
            third = Tab(server, "alice")
            await third.connect(hello=False)
            await third.say("hello", protocol=1)
            await asyncio.wait_for(third.socket.wait_closed(), 5)
            assert third.socket.close_code == 4030
            async with Tab(server, "bob"):
                pass  # greeted
            await second.close()
            async with Tab(server, "alice") as again:
                await again.send("sim:tokens=1")

    run(scene())


def test_the_visitors_at_one_address_have_a_bounded_number_of_sockets(server: Server) -> None:
    async def scene() -> None:
        async with Guest(server) as first, Guest(server), Guest(server):
            await Guest(server).refused(4030)
            async with Tab(server, "charlie"):
                pass  # members do not count as visitors
            await first.close()
            async with Guest(server):
                await Guest(server).refused(4030)

    run(scene())
