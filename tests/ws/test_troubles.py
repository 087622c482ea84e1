"""A socket in a server that has troubles of its own, and one that makes them."""

from __future__ import annotations

import asyncio
from pathlib import Path
from uuid import uuid4

from websockets.exceptions import ConnectionClosed

from tests.harness.scene import run
from tests.harness.server import Server
from tests.harness.tab import Tab
from tests.simulator.process import SimulatorProcess


def test_a_page_comes_again_when_the_database_does_not_answer_its_greeting(
    simulator: SimulatorProcess, tmp_path: Path
) -> None:
    async def scene(server: Server) -> None:
        tab = Tab(server, "alice")
        await tab.connect(hello=False)
        server.execute("ALTER TABLE django_session RENAME TO away")
        await tab.say("hello", protocol=1)
        await asyncio.wait_for(tab.socket.wait_closed(), 10)
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


def test_a_client_that_acknowledges_what_it_does_not_read_is_cut_off(server: Server) -> None:
    """A repeated message is sent back whole, so that each small frame brings a large one."""

    async def scene() -> None:
        async with Tab(server, "alice") as tab:
            sent = (await tab.send("sim:tokens=1 " + "a" * 32_000))["message"]
            await tab.ended(sent["reply"]["id"])
        deaf = Tab(server, "alice")
        deaf.socket = await deaf.dial(None)
        await deaf.say("hello", protocol=1)
        deaf.socket.transport.pause_reading()
        again = {"id": sent["id"], "conversation": sent["conversation"], "content": "again"}
        before = server.memory
        for number in range(1000):
            try:
                await deaf.say("send", **again)
                await deaf.say("ack", n=number + 1)
            except ConnectionClosed:
                break
            await asyncio.sleep(0.018)
        else:
            raise AssertionError("it may leave unread what it likes")
        assert server.memory - before < 60 * 1024 * 1024

    run(scene())


def test_more_attachments_than_a_message_may_have_are_refused(server: Server) -> None:
    async def scene() -> None:
        async with Tab(server, "alice") as tab:
            ids = [str(uuid4()) for _ in range(21)]
            await tab.say("send", id=ids[0], conversation=ids[1], content="Here.", attachments=ids)
            assert (await tab.frame("error"))["code"] == "bad_request"

    run(scene())
