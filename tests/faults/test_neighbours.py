"""Two processes on one PostgreSQL database, each with a data directory of its own."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import AsyncExitStack
from pathlib import Path
from uuid import uuid4

import psycopg
import pytest
import requests

from tests.harness.cluster import on_postgresql
from tests.harness.database import PostgresDatabase
from tests.harness.guest import Guest, set_web_chat
from tests.harness.scale import LATE
from tests.harness.server import Server
from tests.harness.tab import Tab
from tests.services import wait_until
from tests.simulator.process import SimulatorProcess
from tests.simulator.text import expected_text

pytestmark = [pytest.mark.fault, on_postgresql]

#: The connections that requests share.
CONNECTIONS = 10
#: Longer than a lease holds.
LONG = "7 s"
MOVE = "UPDATE chat_processlease SET beat_at = beat_at + ?::interval"


@pytest.fixture
def neighbours(simulator: SimulatorProcess, tmp_path: Path) -> Iterator[tuple[Server, Server]]:
    with (
        Server(tmp_path / "here", simulator.url) as here,
        Server(tmp_path / "there", simulator.url, beside=here) as there,
    ):
        yield here, there


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


def test_requests_that_keep_all_connections_cost_no_process_its_lease(
    neighbours: tuple[Server, Server],
) -> None:
    here, there = neighbours
    database = here.database
    assert isinstance(database, PostgresDatabase)
    session = here.people["bob"]["session"]

    def keep_all_connections() -> None:
        with ThreadPoolExecutor(CONNECTIONS) as pool, database.locked("django_session"):
            for _ in range(CONNECTIONS):
                pool.submit(here.get, "/", session=session)
            waiting = "SELECT count(*) FROM pg_locks WHERE NOT granted AND relation = ?::regclass"
            wait_until(lambda: here.rows(waiting, "django_session") == [(CONNECTIONS,)])
            (now,) = here.rows("SELECT now()")
            beaten = "SELECT count(*) FROM chat_processlease WHERE beat_at > ?::timestamptz + interval '7 s'"
            wait_until(lambda: here.rows(beaten, *now) == [(2,)])

    async def scene() -> None:
        async with Tab(here, "alice") as tab:
            reply = (await tab.send("sim:tokens=300,rate=20,seed=3"))["message"]["reply"]["id"]
            await asyncio.to_thread(keep_all_connections)
            heard = await tab.ended(reply)
            assert (heard.status, heard.text) == ("complete", expected_text(300, 3))

    asyncio.run(scene())
    assert "lease_lost" not in here.log + there.log


def test_what_a_process_holds_that_stands_still_is_taken_back(neighbours: tuple[Server, Server]) -> None:
    """It stands between the count of a visitor's message, for which all of the web chat need one row, and the
    end of that transaction."""
    here, there = neighbours
    web_chat = here.people["alice"]["webChat"]
    set_web_chat(here, web_chat, messages_per_day=1000, tokens_per_day=1_000_000)
    waiting = "SELECT count(*) FROM pg_stat_activity WHERE datname = ? AND wait_event_type = 'Lock'"
    database = here.database
    assert isinstance(database, PostgresDatabase)

    async def scene() -> None:
        async with Guest(here) as reader, Guest(here) as sender, Guest(there) as other:
            lost = (await reader.send("sim:tokens=2000,rate=20"))["message"]["reply"]["id"]
            await reader.frame("reply.delta", reply=lost)
            id, conversation = str(uuid4()), str(uuid4())
            with psycopg.connect(database.url) as ours:
                ours.execute("SELECT 1 FROM chat_dailyusage WHERE who = '' FOR UPDATE")
                await sender.say("send", id=id, conversation=conversation, content="sim:tokens=1")
                await asyncio.to_thread(wait_until, lambda: here.rows(waiting, database.name) == [(1,)])
                here.pause()
            await other.send("sim:tokens=1", within=5 + LATE)
            await asyncio.to_thread(wait_until, lambda: there.text_of(lost)[0] == "interrupted")
            assert there.get("/readyz")[0] == 200
            here.go_on()
            assert (await sender.frame("error", ref=id))["code"] == "storage_busy"
            await sender.send("sim:tokens=1", id=id, conversation=conversation)
            unsettled = "SELECT count(*) FROM chat_dailyusage WHERE tokens_reserved > 0"
            await asyncio.to_thread(wait_until, lambda: here.rows(unsettled) == [(0,)])

    asyncio.run(scene())
    assert "lease_lost" not in there.log


def pass_by(database: PostgresDatabase) -> None:
    """So long that a lease lapses that is not renewed."""
    (now,) = database.rows("SELECT now()")
    passed = "SELECT now() > ?::timestamptz + ?::interval"
    wait_until(lambda: database.rows(passed, *now, LONG) == [(1,)])


def beaten_twice(database: PostgresDatabase) -> None:
    """Each process has seen what happened, and beaten again after the time in which it judges nobody."""
    (now,) = database.rows("SELECT now()")
    beaten = "SELECT count(*) FROM chat_processlease WHERE beat_at > ?::timestamptz + ?::interval"
    wait_until(lambda: database.rows(beaten, *now, LONG) == [(2,)])


def nobody_is_taken_for_dead(servers: tuple[Server, ...], happens: Callable[[], None]) -> None:
    """A reply runs in each process when it happens. All come whole, and are read to their ends."""
    words = "sim:tokens=400,rate=20,seed={}"

    async def scene() -> None:
        async with AsyncExitStack() as stack:
            tabs = [await stack.enter_async_context(Tab(server, "alice")) for server in servers]
            sent = [await tab.send(words.format(number)) for number, tab in enumerate(tabs)]
            await asyncio.to_thread(happens)
            for number, tab in enumerate(tabs):
                heard = await tab.ended(sent[number]["message"]["reply"]["id"])
                assert (heard.status, heard.text) == ("complete", expected_text(400, number))

    asyncio.run(scene())
    for server in servers:
        assert "lease_lost" not in server.log
        assert "took_over" not in server.log


def ask(server: Server, path: str, **body: str) -> str:
    """What alice's program stores; its id."""
    headers = {"Authorization": f"Api-Key {server.people['alice']['key']}"}
    answer = requests.post(f"{server.origin}/api/v1/{path}/", json=body, headers=headers, timeout=60)
    assert answer.status_code == 201, answer.text
    return str(answer.json()["id"])


def test_a_locked_table_costs_nobody_a_reply_nor_a_message(neighbours: tuple[Server, Server]) -> None:
    """As soon as the table is free, each process is told of work, and sees all that the others did not do."""
    here, _ = neighbours
    database = here.database
    assert isinstance(database, PostgresDatabase)
    places = [
        (server, ask(server, "conversations", webChat=here.people["alice"]["webChat"]))
        for server in neighbours * 3
    ]

    def lock() -> None:
        with ThreadPoolExecutor(len(places)) as pool:
            with database.locked("chat_reply"):
                posts = [
                    pool.submit(ask, server, "messages", conversation=conversation, content="sim:tokens=1")
                    for server, conversation in places
                ]
                pass_by(database)
            stored = {post.result() for post in posts}
        assert len(stored) == len(places)
        beaten_twice(database)

    nobody_is_taken_for_dead(neighbours, lock)
    answered = "SELECT count(DISTINCT incoming_id) FROM chat_reply WHERE state = 'complete'"
    wait_until(lambda: here.rows(answered) == [(len(places) + len(neighbours),)])
    assert here.rows("SELECT count(*) FROM chat_reply") == [(len(places) + len(neighbours),)]


@pytest.mark.parametrize("step", ["-1 hour", "1 hour"], ids=["forward", "back"])
def test_a_step_of_the_databases_clock_ends_nothing(neighbours: tuple[Server, Server], step: str) -> None:
    """A test cannot set that clock. To whoever looks it is the same when all that was written by it moves."""
    database = neighbours[0].database
    assert isinstance(database, PostgresDatabase)

    def set_clock() -> None:
        assert database.execute(MOVE, step) == 2
        beaten_twice(database)

    nobody_is_taken_for_dead(neighbours, set_clock)


def test_one_that_dies_before_it_beat_by_the_new_clock_is_taken_over(
    neighbours: tuple[Server, Server],
) -> None:
    here, there = neighbours

    async def scene() -> None:
        async with Tab(here, "alice") as tab:
            sent = (await tab.send("sim:tokens=2000,rate=20"))["message"]
            here.pause()
            there.execute(MOVE, "1 hour")
            here.kill()
        lost = sent["reply"]["id"]
        await asyncio.to_thread(wait_until, lambda: there.text_of(lost)[0] == "interrupted")

    asyncio.run(scene())
    assert "lease_lost" not in there.log


def test_a_process_that_starts_when_the_database_is_free_again_judges_nobody(
    simulator: SimulatorProcess, tmp_path: Path
) -> None:
    """It has just beaten for the first time; what the other wrote is as old as the lock."""
    with Server(tmp_path / "here", simulator.url) as here:
        there = Server(tmp_path / "there", simulator.url, beside=here)
        database = here.database
        assert isinstance(database, PostgresDatabase)
        waiting = (
            "SELECT count(*) FROM pg_stat_activity WHERE datname = ? AND wait_event_type = 'Lock' "
            """AND query LIKE 'INSERT INTO "chat_processlease"%%'"""
        )

        def start_late() -> None:
            with ThreadPoolExecutor(1) as pool:
                with database.locked("chat_processlease"):
                    starting = pool.submit(there.start)
                    wait_until(lambda: database.rows(waiting, database.name) == [(1,)])
                    pass_by(database)
                starting.result()
            beaten_twice(database)

        try:
            nobody_is_taken_for_dead((here,), start_late)
        finally:
            there.__exit__()
