"""Redis goes and comes back, is full or hangs, under one process and under two. What runs goes on, and nobody
is far behind."""

from __future__ import annotations

import asyncio
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from tests.harness.cluster import Cluster, Store, on_postgresql
from tests.harness.scale import LATE, scaled
from tests.harness.scene import run
from tests.harness.server import Server
from tests.harness.tab import Tab
from tests.simulator.process import SimulatorProcess
from tests.simulator.text import expected_text

pytestmark = pytest.mark.fault

#: Longer than the time after which client and server of Redis would end an idle connection.
QUIET = 10
AWAY = scaled(30, 6)
REPLIES = scaled(50, 10)
RATE = 10
BEHIND = 5.0
#: What is done to Redis.
Change = Callable[[Store], None]


@pytest.fixture
def server(store: Store, simulator: SimulatorProcess, tmp_path: Path) -> Iterator[Server]:
    with Server(tmp_path / "data", simulator.url, REDIS_URL=store.url) as running:
        yield running


@pytest.fixture
def cluster(simulator: SimulatorProcess, tmp_path: Path) -> Iterator[Cluster]:
    with Cluster(tmp_path, simulator.url, 2) as running:
        yield running


def test_a_tab_that_was_quiet_hears_of_a_message_of_another(server: Server) -> None:
    async def scene() -> None:
        async with Tab(server, "alice") as first, Tab(server, "alice") as second:
            sent = await first.send("sim:tokens=5")
            conversation = sent["message"]["conversation"]
            await second.say("open", conversation=conversation)
            await asyncio.sleep(QUIET)
            again = await first.send("And then? sim:tokens=20,seed=9", conversation=conversation)
            assert (await second.ended(again["message"]["reply"]["id"])).text == expected_text(20, 9)

    run(scene())


def test_one_process_goes_on_without_redis_and_after_it(server: Server, store: Store) -> None:
    async def scene() -> None:
        await outage([server], store, Store.end, Store.start)

    run(scene())
    assert_calm([server])


@on_postgresql
def test_two_processes_go_on_without_redis_and_after_it(cluster: Cluster) -> None:
    async def scene() -> None:
        await outage(cluster.servers, cluster.store, Store.end, Store.start)

    run(scene())
    assert_calm(cluster.servers)


@on_postgresql
@pytest.mark.parametrize(
    ("begins", "ends"), [(Store.fill, Store.free), (Store.hang, Store.go_on)], ids=["full", "hangs"]
)
def test_two_processes_go_on_while_redis_does_not_do_its_work(
    cluster: Cluster, begins: Change, ends: Change
) -> None:
    async def scene() -> None:
        await outage(cluster.servers, cluster.store, begins, ends)

    run(scene())
    assert all("Traceback" not in server.log for server in cluster.servers)


async def outage(servers: list[Server], store: Store, begins: Change, ends: Change) -> None:
    """Replies run on the first server and are read on the last one while something is wrong with Redis."""
    here, there = servers[0], servers[-1]
    count = round(AWAY * 1.5 * RATE)
    tabs = [Tab(here, "alice") for _ in range(REPLIES)]
    others = [Tab(there, "alice") for _ in range(REPLIES)]
    await asyncio.gather(*(tab.connect() for tab in tabs + others))
    replies = []
    for number, (tab, other) in enumerate(zip(tabs, others, strict=True)):
        sent = await tab.send(f"sim:tokens={count},rate={RATE},seed={number}")
        replies.append(sent["message"]["reply"]["id"])
        await other.say("open", conversation=sent["message"]["conversation"], reply=replies[-1], after=0)
    await asyncio.gather(*(text_in(tab, replies[number]) for number, tab in enumerate(others)))
    await asyncio.to_thread(begins, store)
    pairs = list(zip(tabs, others, replies, strict=True))
    behind, _ = await asyncio.gather(most_behind(pairs), everything_goes_on(here, there))
    await asyncio.to_thread(ends, store)
    for number, (tab, other) in enumerate(zip(tabs, others, strict=True)):
        for one in (tab, other):
            heard = await one.ended(replies[number], within=AWAY + 30)
            assert (heard.status, heard.text) == ("complete", expected_text(count, number))
        assert here.text_of(replies[number]) == ("complete", expected_text(count, number))
    assert behind <= BEHIND
    print(f"{REPLIES} replies, {AWAY} s without Redis: all complete; others at most {behind:.1f} s behind")
    await comes_live_again(here, there)
    await asyncio.gather(*(tab.close() for tab in tabs + others))


async def most_behind(pairs: list[tuple[Tab, Tab, str]]) -> float:
    """Within the time that Redis is away."""
    most, gone_at = 0.0, time.monotonic()
    while time.monotonic() - gone_at < AWAY:
        most = max(most, *(lag(*pair) for pair in pairs))
        await asyncio.sleep(0.2)
    return most


async def text_in(tab: Tab, reply: str) -> None:
    await tab.wait(lambda: reply in tab.heard and tab.heard[reply].text)


def lag(tab: Tab, other: Tab, reply: str) -> float:
    """Seconds of text by which the other tab is behind."""
    return (tab.heard[reply].seq - other.heard[reply].seq) / RATE


async def everything_goes_on(here: Server, there: Server) -> None:
    """Without Redis: new sockets, a new conversation, another tab, the pages."""
    async with Tab(here, "alice") as tab, Tab(there, "alice") as other:
        sent = await tab.send("sim:tokens=20,seed=5")
        conversation = sent["message"]["conversation"]
        begun = time.monotonic()
        assert (await tab.ended(sent["message"]["reply"]["id"])).text == expected_text(20, 5)
        await other.wait(lambda: rows_of(other, conversation))
        await other.say("open", conversation=conversation)
        await other.say("ping")
        await other.frame("pong")
        again = await tab.send("sim:tokens=20,seed=6", conversation=conversation)
        reply = again["message"]["reply"]["id"]
        assert (await other.ended(reply)).text == expected_text(20, 6)
        assert time.monotonic() - begun < 2 * BEHIND + LATE
    for path in ("/", "/accounts/login/", "/healthz", "/readyz"):
        assert there.get(path, session=there.people["alice"]["session"])[0] == 200, path
    assert await asyncio.to_thread(log_in, there) < 500


def rows_of(tab: Tab, conversation: str) -> list[dict[str, Any]]:
    rows = [frame["conversation"] for frame in tab.frames if frame["type"] == "conversation"]
    return [row for row in rows if row["id"] == conversation]


def log_in(server: Server) -> int:
    """The status that a wrong password gets: its tries are counted in the cache."""
    opener = urllib.request.build_opener(urllib.request.HTTPCookieProcessor())
    page = opener.open(f"{server.origin}/accounts/login/", timeout=10).read().decode()
    token = page.split('name="csrfmiddlewaretoken" value="')[1].split('"')[0]
    body = f"csrfmiddlewaretoken={token}&login=nobody&password=wrong".encode()
    try:
        return int(opener.open(f"{server.origin}/accounts/login/", body, timeout=10).status)
    except urllib.error.HTTPError as error:
        return error.code


async def comes_live_again(here: Server, there: Server) -> None:
    """Some seconds after Redis has come back, the other process gets each token as it comes."""
    async with Tab(here, "alice") as tab, Tab(there, "alice") as other:
        for attempt in range(5):
            conversation = str(uuid4())
            sent = await tab.send(f"sim:tokens=120,rate=20,seed={attempt}", conversation=conversation)
            reply = sent["message"]["reply"]["id"]
            await other.say("open", conversation=conversation, reply=reply, after=0)
            await other.ended(reply)
            if len(of_reply(other, reply)) > 10:
                return
        raise AssertionError("the other process reads the database still")


def of_reply(tab: Tab, reply: str) -> list[dict[str, Any]]:
    return [one for one in tab.frames if one["type"] == "reply.delta" and one["reply"] == reply]


def assert_calm(servers: list[Server]) -> None:
    """An outage is told of in a few lines, and without a traceback."""
    for server in servers:
        assert "Traceback" not in server.log, server.log[-4000:]
        assert server.log.count("hints_away") == 1
        assert server.log.count("hints_back") == 1


@on_postgresql
def test_a_process_starts_while_redis_is_away(cluster: Cluster) -> None:
    here, there = cluster.servers

    async def scene() -> None:
        await asyncio.to_thread(there.end)
        await asyncio.to_thread(cluster.store.end)
        await asyncio.to_thread(there.start)
        await everything_goes_on(here, there)
        await asyncio.to_thread(cluster.store.start)
        await comes_live_again(here, there)

    run(scene())
