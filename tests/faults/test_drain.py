"""A server that drains: who is there, or comes meanwhile, reads on and writes, and nobody is refused."""

from __future__ import annotations

import asyncio
import signal
import socket
import time
from contextlib import closing
from pathlib import Path
from uuid import uuid4

import pytest
import requests

from tests.api.test_bucket import variables
from tests.faults.test_database import until_status
from tests.harness.cluster import Cluster, on_postgresql
from tests.harness.database import PostgresDatabase
from tests.harness.scale import LATE
from tests.harness.server import Server
from tests.harness.tab import Tab
from tests.services import wait_until
from tests.simulator.process import SimulatorProcess
from tests.simulator.text import expected_text
from tests.web.test_waiting import asking, until

pytestmark = pytest.mark.fault
ID = str(uuid4())
#: Longer than any of these tests needs.
DRAIN = 60


def ask_to_end(server: Server) -> None:
    assert server.process
    server.process.send_signal(signal.SIGTERM)


async def ended(server: Server) -> float:
    """How long it took the process to go."""
    assert server.process
    begun = time.monotonic()
    await asyncio.to_thread(server.process.wait, 10)
    return time.monotonic() - begun


def test_one_process_takes_what_is_written_while_it_drains_and_answers_it_when_it_is_back(
    simulator: SimulatorProcess, tmp_path: Path
) -> None:
    async def scene(server: Server) -> tuple[str, str]:
        async with Tab(server, "alice") as reader, Tab(server, "alice") as newcomer:
            sent = await reader.send("sim:tokens=1200,rate=20,seed=1")
            running, conversation = sent["message"]["reply"]["id"], sent["message"]["conversation"]
            before = (await reader.send("sim:tokens=5,seed=2", conversation=conversation))["message"]
            ask_to_end(server)
            await reader.frame("restarting")
            await until_status(server, 503)
            await newcomer.close()
            async with Tab(server, "alice") as newcomer:
                await newcomer.frame("restarting")
                await newcomer.say("open", conversation=conversation, reply=running, after=0)
                written = (await newcomer.send("sim:tokens=5,seed=3"))["message"]
                assert written["reply"]["state"] == "queued"
                read = len(reader.heard[running].text)
                await reader.wait(lambda: len(reader.heard[running].text) > read + 20)
                await newcomer.wait(lambda: running in newcomer.heard and newcomer.heard[running].text)
                ask_to_end(server)
                assert await ended(server) < 5 + LATE
                assert reader.heard[running].status == "interrupted"
                assert not [frame for tab in (reader, newcomer) for frame in tab.frames if "code" in frame]
        state, text = server.text_of(running)
        assert (state, text) == ("interrupted", reader.heard[running].text)
        return before["reply"]["id"], written["reply"]["id"]

    with Server(tmp_path / "data", simulator.url) as server:
        server.end()
        server.drain = DRAIN
        server.start()
        waiting = asyncio.run(scene(server))
        server.start()

        async def answered() -> None:
            async with Tab(server, "alice") as tab:
                for number, reply in enumerate(waiting, start=2):
                    conversation = server.rows(
                        "SELECT conversation_id FROM chat_reply WHERE id = ?", reply.replace("-", "")
                    )[0][0]
                    await tab.say("open", conversation=str(conversation), reply=reply, after=0)
                    assert (await tab.ended(reply)).text == expected_text(5, number)

        asyncio.run(answered())


def test_what_is_being_stored_and_requests_that_are_being_answered_come_to_their_end(
    simulator: SimulatorProcess, tmp_path: Path
) -> None:
    def upload(server: Server) -> int:
        headers = {"Authorization": f"Api-Key {server.people['alice']['key']}"}
        files = {"file": ("a.txt", b"tide")}
        address = f"{server.origin}/api/v1/attachments/"
        return requests.post(address, files=files, headers=headers, timeout=30).status_code

    async def scene(server: Server, bucket: socket.socket) -> None:
        async with Tab(server, "alice") as tab:
            uploading = asyncio.create_task(asyncio.to_thread(upload, server))
            held, _ = await asyncio.to_thread(bucket.accept)
            with server.database.locked():
                await tab.say("send", id=ID, conversation=ID, content="sim:tokens=20,rate=20,seed=4")
                # The other one has the beat.
                await asyncio.to_thread(until, server, "parley_database_threads_busy 2.0")
                ask_to_end(server)
                await tab.frame("restarting")
                assert not await asyncio.to_thread(refuses, server)
            reply = (await tab.frame("message", ref=ID))["message"]["reply"]["id"]
            heard = await tab.ended(reply)
            assert (heard.status, heard.text) == ("complete", expected_text(20, 4))
            await asyncio.to_thread(wait_until, lambda: refuses(server))
            with held:
                held.sendall(b"HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n")
                assert await uploading == 503
            assert await ended(server) < 2 + LATE

    with socket.create_server(("127.0.0.1", 0)) as bucket:
        bucket.settimeout(10)
        place = variables(f"http://127.0.0.1:{bucket.getsockname()[1]}")
        server = Server(tmp_path / "data", simulator.url, RUN_WORKER_IN_WEB="false", **place)
        server.drain = DRAIN
        with server, closing(asking(server, "GET", "/healthz")) as kept:
            assert kept.getresponse().read()
            asyncio.run(scene(server, bucket))


def refuses(server: Server) -> bool:
    """Whether nobody listens there any more."""
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", server.port)) != 0


@on_postgresql
def test_a_reply_that_cannot_be_stored_at_once_is_stored_before_the_drain_is_over(
    simulator: SimulatorProcess, tmp_path: Path
) -> None:
    async def scene(server: Server) -> None:
        assert isinstance(server.database, PostgresDatabase)
        async with Tab(server, "alice") as tab:
            reply = (await tab.send("sim:tokens=160,rate=20,seed=5"))["message"]["reply"]["id"]
            await tab.frame("reply.delta", reply=reply)
            ask_to_end(server)
            await tab.frame("restarting")
            with server.database.locked("chat_message"):
                await asyncio.to_thread(wait_until, server.database.cut_waiting)
                await asyncio.to_thread(wait_until, lambda: "reply_end_not_stored" in server.log)
            heard = await tab.ended(reply)
            assert (heard.status, heard.text) == ("complete", expected_text(160, 5))
            assert await ended(server) < 2 + LATE
        assert server.text_of(reply) == ("complete", expected_text(160, 5))

    server = Server(tmp_path / "data", simulator.url)
    server.drain = DRAIN
    with server:
        asyncio.run(scene(server))


@on_postgresql
def test_the_other_process_answers_what_is_written_to_the_one_that_drains(
    simulator: SimulatorProcess, tmp_path: Path
) -> None:
    async def scene(draining: Server, other: Server) -> None:
        async with Tab(draining, "alice") as reader, Tab(draining, "bob") as writer:
            sent = (await reader.send("sim:tokens=1200,rate=20,seed=1"))["message"]
            running, conversation = sent["reply"]["id"], sent["conversation"]
            await reader.frame("reply.delta", reply=running)
            ask_to_end(draining)
            await writer.frame("restarting")
            begun = time.monotonic()
            reply = (await writer.send("sim:tokens=20,seed=2"))["message"]["reply"]["id"]
            assert (await writer.ended(reply)).text == expected_text(20, 2)
            print(f"stored and answered within {time.monotonic() - begun:.2f} s")
            assert time.monotonic() - begun < 3 + LATE
            queued = (await reader.send("sim:tokens=5,seed=3", conversation=conversation))["message"]
            assert reader.heard[running].status == ""
            async with Tab(other, "alice") as elsewhere:
                await elsewhere.say("stop", reply=running)
            assert (await reader.ended(running)).status == "stopped"
            assert await ended(draining) < 5 + LATE
            async with Tab(other, "alice") as back:
                await back.say("open", conversation=conversation, reply=queued["reply"]["id"], after=0)
                assert (await back.ended(queued["reply"]["id"])).text == expected_text(5, 3)
            assert not [frame for tab in (reader, writer) for frame in tab.frames if "code" in frame]

    cluster = Cluster(tmp_path, simulator.url)
    cluster.servers[0].drain = DRAIN
    with cluster:
        asyncio.run(scene(*cluster.servers))
