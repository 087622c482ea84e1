"""Two processes on one database and one Redis: what is said on one is shown on the other."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator
from uuid import uuid4

import pytest

from tests.harness.cluster import Cluster, on_postgresql
from tests.harness.program import Program
from tests.harness.scale import LATE
from tests.harness.scene import run
from tests.harness.tab import Heard, Tab
from tests.simulator.process import SimulatorProcess
from tests.simulator.text import expected_text

pytestmark = [pytest.mark.fault, on_postgresql]

#: Longer than a lease.
PAUSE = 8


@pytest.fixture(scope="module")
def cluster(simulator: SimulatorProcess, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    with Cluster(tmp_path_factory.mktemp("cluster"), simulator.url, 2) as running:
        yield running


def test_a_repeated_request_reads_the_reply_of_the_other_process(cluster: Cluster) -> None:
    here, there = map(Program, cluster.servers)
    words, headers = "sim:tokens=200,rate=30,seed=9", {"Idempotency-Key": uuid4().hex}
    with here.stream(words, headers=headers, query="?resume=0") as stream:
        stream.hear(3)
        with there.stream(words, headers=headers) as other:
            heard = other.rest()
        assert heard.text == stream.rest().text == expected_text(200, 9)
    assert len(heard.events) > 10, "it came live, not from the database"
    place = {"Last-Event-ID": stream.heard.ids[2]}
    with there.stream("", headers=place) as rest:
        have = "".join(event["content"] for event in stream.heard.events[:3])
        assert have + rest.rest().text == heard.text


def test_a_reply_of_one_process_is_shown_live_on_the_other(cluster: Cluster) -> None:
    here, there = cluster.servers

    async def scene() -> None:
        async with Tab(here, "alice") as tab, Tab(there, "alice") as other:
            sent = await tab.send("sim:tokens=120,rate=20,seed=3")
            reply = sent["message"]["reply"]["id"]
            await other.say("open", conversation=sent["message"]["conversation"])
            assert (await other.ended(reply)).text == expected_text(120, 3)
            deltas = [frame for frame in other.frames if frame["type"] == "reply.delta"]
            assert len(deltas) > 10, "it came live, not from the database"

    run(scene())


def test_a_question_asked_on_one_process_is_shown_with_its_answer_on_the_other(cluster: Cluster) -> None:
    here, there = cluster.servers

    async def scene() -> None:
        async with Tab(here, "alice") as tab, Tab(there, "alice") as other:
            conversation = (await tab.send("sim:tokens=1"))["message"]["conversation"]
            await other.say("open", conversation=conversation)
            await other.say("ping")
            await other.frame("pong")
            sent = await tab.send("sim:tokens=20,rate=20,seed=4", conversation=conversation)
            await other.wait(lambda: sent["message"]["id"] in messages_in(other))
            assert (await other.ended(sent["message"]["reply"]["id"])).text == expected_text(20, 4)

    run(scene())


def messages_in(tab: Tab) -> list[str]:
    return [frame["message"]["id"] for frame in tab.frames if frame["type"] == "message"]


def test_a_reader_goes_on_at_the_other_process_where_it_was_cut(cluster: Cluster) -> None:
    here, there = cluster.servers

    async def scene() -> None:
        heard: dict[str, Heard] = {}
        sent = None
        async with Tab(here, "alice", heard=heard) as tab:
            sent = await tab.send("sim:tokens=60,rate=20,seed=8")
            reply = sent["message"]["reply"]["id"]
            await tab.wait(lambda: reply in heard and heard[reply].seq > 10)
        async with Tab(there, "alice", heard=heard) as other:
            conversation = sent["message"]["conversation"]
            await other.say("open", conversation=conversation, reply=reply, after=heard[reply].seq)
            assert (await other.ended(reply)).text == expected_text(60, 8)

    run(scene())


def test_a_stop_on_one_process_closes_the_upstream_of_the_other(
    cluster: Cluster, simulator: SimulatorProcess
) -> None:
    here, there = cluster.servers

    async def scene() -> None:
        mark = f"elsewhere-{uuid4()}"
        async with Tab(here, "alice") as tab, Tab(there, "alice") as other:
            sent = await tab.send(f"{mark} sim:tokens=5000,rate=50")
            reply = sent["message"]["reply"]["id"]
            await tab.wait(lambda: reply in tab.heard and tab.heard[reply].text)
            asked = time.monotonic()
            await other.say("stop", reply=reply)
            assert (await tab.ended(reply)).status == "stopped"
            record = await asyncio.to_thread(simulator.request_like, mark)
            assert record["closed_at"] - asked < 1 + LATE

    run(scene())


def test_a_process_that_was_paused_adds_nothing_and_its_readers_see_what_is_stored(cluster: Cluster) -> None:
    here, there = cluster.servers

    async def scene() -> None:
        async with Tab(here, "alice") as tab, Tab(there, "alice") as other:
            sent = await tab.send("sim:tokens=400,rate=20,seed=2")
            reply, conversation = sent["message"]["reply"]["id"], sent["message"]["conversation"]
            await other.say("open", conversation=conversation, reply=reply, after=0)
            await other.wait(lambda: reply in other.heard and other.heard[reply].seq > 20)
            here.pause()
            try:
                paused_at = time.monotonic()
                ended = await other.ended(reply)
                stored = there.text_of(reply)
                assert (ended.status, ended.error, ended.text) == (*stored[:1], "worker_lost", stored[1])
                await asyncio.sleep(PAUSE - (time.monotonic() - paused_at))
            finally:
                here.go_on()
            own = await tab.ended(reply)
            assert (own.status, own.text, own.length) == ("interrupted", stored[1], len(stored[1]))
            again = await tab.send("sim:tokens=20,seed=6", conversation=conversation)
            assert (await tab.ended(again["message"]["reply"]["id"])).text == expected_text(20, 6)
            assert there.text_of(reply) == stored

    run(scene())
