"""A socket in a server that has troubles of its own, and one that makes them."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from pathlib import Path
from typing import Any
from uuid import uuid4

from tests.harness.server import Server
from tests.harness.tab import Tab
from tests.simulator.process import SimulatorProcess


def run(work: Coroutine[Any, Any, None]) -> None:
    async def bounded() -> None:
        async with asyncio.timeout(60):
            await work

    asyncio.run(bounded())


def test_a_page_comes_again_when_the_database_does_not_answer_its_greeting(
    simulator: SimulatorProcess, tmp_path: Path
) -> None:
    async def scene(server: Server) -> None:
        tab = Tab(server, "alice")
        await tab.connect(hello=False)
        server.execute("ALTER TABLE django_session RENAME TO away")
        await tab.say("hello", protocol=1)
        await asyncio.wait_for(tab.socket.wait_closed(), 3)
        assert tab.socket.close_code == 4013
        server.execute("ALTER TABLE away RENAME TO django_session")
        async with Tab(server, "alice") as again:
            await again.send("sim:tokens=1")

    with Server(tmp_path / "data", simulator.url) as server:
        run(scene(server))


def test_a_refusal_that_finds_no_room_closes_the_socket(server: Server) -> None:
    async def scene() -> None:
        async with Tab(server, "alice") as tab:
            sent = await tab.send("sim:tokens=1 " + "a" * 32_000)
            id, conversation = sent["message"]["id"], sent["message"]["conversation"]
            await tab.ended(sent["message"]["reply"]["id"])
        deaf = Tab(server, "alice", acks=False)
        await deaf.connect()
        for number in range(1, 10):
            await deaf.say("send", id=id, conversation=conversation, content="again")
            await deaf.wait(lambda number=number: len(deaf.frames) > number)
        await deaf.say("nonsense")
        await asyncio.wait_for(deaf.socket.wait_closed(), 15)
        assert deaf.socket.close_code == 4008

    run(scene())


def test_asking_again_counts_as_a_message(simulator: SimulatorProcess, tmp_path: Path) -> None:
    async def scene(server: Server) -> None:
        async with Tab(server, "alice") as tab:
            sent = await tab.send("sim:fault=500")
            message = sent["message"]["id"]
            for _ in range(3):
                await tab.say("retry", message=message)
            assert (await tab.frame("error", ref=message))["code"] == "rate_limited"

    with Server(tmp_path / "data", simulator.url, MESSAGES_PER_MINUTE="3") as server:
        run(scene(server))


def test_more_attachments_than_a_message_may_have_are_refused(server: Server) -> None:
    async def scene() -> None:
        async with Tab(server, "alice") as tab:
            ids = [str(uuid4()) for _ in range(21)]
            await tab.say("send", id=ids[0], conversation=ids[1], content="Here.", attachments=ids)
            assert (await tab.frame("error"))["code"] == "bad_request"

    run(scene())
