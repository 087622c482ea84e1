"""What one tab does while another looks on, and what is left when a tab goes in the middle of it."""

from __future__ import annotations

import asyncio
import os
import sqlite3
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import psycopg
import pytest

from tests.harness.database import PostgresDatabase
from tests.harness.elsewhere import another_process
from tests.harness.scene import run
from tests.harness.server import Server
from tests.harness.tab import Heard, Tab, matches
from tests.services import wait_until
from tests.simulator.process import SimulatorProcess
from tests.simulator.text import expected_text

ON_POSTGRESQL = os.environ.get("DATABASE_URL", "").startswith("postgres")


def test_an_attempt_made_in_another_tab_is_shown_after_a_message_was_sent_twice(server: Server) -> None:
    async def scene() -> None:
        async with Tab(server, "alice") as tab, Tab(server, "alice") as other:
            conversation = (await tab.send("sim:tokens=1"))["message"]["conversation"]
            sent = await tab.send("sim:tokens=1", conversation=conversation)
            message = sent["message"]["id"]
            await tab.ended(sent["message"]["reply"]["id"])
            for number in (2, 3):
                await tab.say("send", id=message, conversation=conversation, content="sim:tokens=1")
                await tab.wait(lambda number=number: len(answers(tab, message)) == number)
            await other.say("retry", message=message)
            await tab.wait(
                lambda: any(
                    matches(one, "message", {}) and one["message"]["reply"]["attempt"] == 2
                    for one in tab.frames
                )
            )

    run(scene())


def answers(tab: Tab, ref: str) -> list[dict[str, Any]]:
    return [one for one in tab.frames if matches(one, "message", {"ref": ref})]


def test_a_stop_is_told_to_the_others_though_its_tab_has_gone(server: Server) -> None:
    async def scene() -> None:
        async with Tab(server, "alice") as tab, Tab(server, "alice") as other:
            one = await tab.send("sim:tokens=200,rate=20")
            two = await tab.send("sim:tokens=1", conversation=one["message"]["conversation"])
            waiting = two["message"]["reply"]["id"]
            with writes_blocked(server):
                await other.say("stop", reply=waiting)
                await other.say("ping")
                await other.frame("pong")
                await other.close()
                await tab.say("ping")
                await tab.frame("pong")
            assert (await tab.ended(waiting)).status == "stopped"
            await tab.say("stop", reply=one["message"]["reply"]["id"])

    run(scene())


def test_a_name_that_is_given_while_a_message_is_stored_is_kept(server: Server) -> None:
    async def scene() -> None:
        async with Tab(server, "alice") as tab:
            conversation = (await tab.send("First. sim:tokens=1"))["message"]["conversation"]
            id = str(uuid4())
            with renaming(server, conversation, "Mine"):
                await tab.say("send", id=id, conversation=conversation, content="sim:tokens=1")
                await asyncio.to_thread(wait_until, lambda: waiting_for_locks(server))
            await tab.frame("message", ref=id)
            title = "SELECT title FROM chat_conversation WHERE id = ?"
            assert server.rows(title, uid(server, conversation)) == [("Mine",)]

    run(scene())


def test_opening_what_is_not_theirs_leaves_open_what_was(server: Server) -> None:
    async def scene() -> None:
        async with Tab(server, "alice") as tab, Tab(server, "alice") as other, Tab(server, "bob") as bob:
            own = (await other.send("sim:tokens=1"))["message"]["conversation"]
            his = (await bob.send("sim:tokens=1"))["message"]["conversation"]
            await tab.say("open", conversation=own)
            await tab.say("open", conversation=his)
            assert (await tab.frame("error"))["code"] == "not_found"
            await bob.send("His. sim:tokens=1", conversation=his)
            sent = await other.send("Hers. sim:tokens=1", conversation=own)
            assert (await tab.ended(sent["message"]["reply"]["id"])).status == "complete"
            shown = [one["message"]["content"] for one in tab.frames if one["type"] == "message"]
            assert shown == ["Hers. sim:tokens=1"]

    run(scene())


@contextmanager
def renaming(server: Server, conversation: str, title: str) -> Iterator[None]:
    """Another process's transaction, which ends with the block."""
    statement = "UPDATE chat_conversation SET title = ? WHERE id = ?"
    if isinstance(server.database, PostgresDatabase):
        with psycopg.connect(server.database.url) as connection:
            connection.execute(statement.replace("?", "%s"), (title, conversation))
            yield
    else:
        with sqlite3.connect(server.database.path, timeout=20) as connection:
            connection.execute(statement, (title, uid(server, conversation)))
            yield


def waiting_for_locks(server: Server) -> bool:
    """Nothing is known of who waits on SQLite, where a transaction that writes waits before it has read."""
    waiting = "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock'"
    return not ON_POSTGRESQL or server.rows(waiting)[0][0] > 0


@contextmanager
def writes_blocked(server: Server) -> Iterator[None]:
    """Nothing can be stored meanwhile."""
    if isinstance(server.database, PostgresDatabase):
        with psycopg.connect(server.database.url) as connection:
            connection.execute("LOCK TABLE chat_reply IN EXCLUSIVE MODE")
            yield
    else:
        with sqlite3.connect(server.database.path, isolation_level=None, timeout=20) as connection:
            connection.execute("BEGIN IMMEDIATE")
            yield
            connection.execute("ROLLBACK")


@pytest.mark.parametrize("after", [0, 2, 500])
def test_the_end_of_a_reply_that_ran_in_another_process_is_shown_with_its_text(
    server: Server, after: int
) -> None:
    async def scene() -> None:
        async with Tab(server, "alice") as tab:
            sent = (await tab.send("sim:tokens=1"))["message"]
            await tab.ended(sent["reply"]["id"])
        conversation, reply = sent["conversation"], str(uuid4())
        with another_process(server) as other:
            server.execute(
                "UPDATE chat_reply SET id = ?, state = 'running', runner = ?, seq = 9, text = 'Half of it' "
                "WHERE id = ?",
                *(uid(server, reply), other, uid(server, sent["reply"]["id"])),
            )
            await shown(conversation, reply, other)

    async def shown(conversation: str, reply: str, other: str) -> None:
        async with Tab(server, "alice") as tab:
            tab.heard[reply] = Heard(text="x" * after, seq=after)
            await tab.say("open", conversation=conversation, reply=reply, after=after)
            await tab.say("ping")
            await tab.frame("pong")
            server.execute("DELETE FROM chat_processlease WHERE id = ?", other)
            heard = await tab.ended(reply)
            assert (heard.status, heard.error) == ("interrupted", "worker_lost")
            assert heard.text == "Half of it"
            assert heard.length == len(heard.text)
            assert not any(one["type"] == "error" for one in tab.frames)

    run(scene())


def uid(server: Server, id: str) -> str:
    return id if isinstance(server.database, PostgresDatabase) else id.replace("-", "")


@pytest.mark.skipif(not ON_POSTGRESQL, reason="a reader of SQLite waits for nobody")
def test_a_reply_whose_prompt_takes_long_to_read_is_not_given_up(
    simulator: SimulatorProcess, tmp_path: Path
) -> None:
    async def scene(server: Server) -> None:
        async with Tab(server, "alice") as tab:
            release = threading.Event()
            blocked = asyncio.create_task(asyncio.to_thread(hold_knowledge, server, release))
            id = str(uuid4())
            await tab.say("send", id=id, conversation=str(uuid4()), content="sim:tokens=20,seed=2")
            running = "SELECT count(*) FROM chat_reply WHERE state = 'running'"
            await asyncio.to_thread(wait_until, lambda: server.rows(running) == [(1,)])
            began = server.rows("SELECT max(beat_at) FROM chat_processlease")[0][0]
            later = began + timedelta(seconds=4)
            await asyncio.to_thread(
                wait_until, lambda: server.rows("SELECT max(beat_at) FROM chat_processlease")[0][0] > later
            )
            release.set()
            await blocked
            sent = await tab.frame("message", ref=id)
            heard = await tab.ended(sent["message"]["reply"]["id"])
            assert (heard.status, heard.text) == ("complete", expected_text(20, 2))

    with Server(tmp_path / "data", simulator.url) as server:
        run(scene(server))


def hold_knowledge(server: Server, release: threading.Event) -> None:
    assert isinstance(server.database, PostgresDatabase)
    with psycopg.connect(server.database.url) as connection:
        connection.execute("LOCK TABLE chat_chatbot_knowledge_bases IN ACCESS EXCLUSIVE MODE")
        release.wait(20)
