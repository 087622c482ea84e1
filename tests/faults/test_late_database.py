"""A database that is not there yet when the server starts, and one that refuses what it is given."""

from __future__ import annotations

import asyncio
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.db import connection

from tests.harness.server import ROOT, Server
from tests.harness.tab import Tab
from tests.services import wait_until

pytestmark = pytest.mark.fault
ON_SQLITE = pytest.mark.skipif(connection.vendor != "sqlite", reason="the trigger is in SQLite's own words")


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    server = Server(tmp_path / "data")
    yield server
    server.__exit__()


def test_it_becomes_ready_by_itself_as_soon_as_the_database_answers(server: Server) -> None:
    server.execute("ALTER TABLE chat_processlease RENAME TO away")
    starting = threading.Thread(target=server.start)
    starting.start()
    try:
        wait_until(lambda: server.get("/readyz")[0] == 503 and "engine_not_started" in server.log)
    finally:
        server.execute("ALTER TABLE away RENAME TO chat_processlease")
        starting.join()
    assert server.get("/readyz")[0] == 200


@ON_SQLITE
def test_what_the_database_refuses_or_has_wrong_does_not_hold_up_the_conversation(server: Server) -> None:
    server.execute(
        "CREATE TRIGGER refusing BEFORE UPDATE ON chat_reply WHEN NEW.state = 'complete'"
        " BEGIN SELECT RAISE(ABORT, 'refused'); END"
    )
    server.execute(
        "CREATE TRIGGER breaking AFTER INSERT ON chat_message WHEN NEW.content = 'Break'"
        " BEGIN UPDATE chat_message SET delivery = '[1]' WHERE id = NEW.id; END"
    )
    server.start()

    async def scene() -> None:
        async with Tab(server, "alice") as tab:
            refused = (await tab.send("Hello"))["message"]
            broken = (await tab.send("Break", conversation=refused["conversation"]))["message"]
            assert (await tab.ended(refused["reply"]["id"], within=40)).status == "interrupted"
            heard = await tab.ended(broken["reply"]["id"])
            assert (heard.status, heard.error) == ("failed", "internal")

    asyncio.run(scene())


@ON_SQLITE
def test_a_hit_that_cannot_be_counted_does_not_hold_up_what_waits(server: Server) -> None:
    demo = [sys.executable, "manage.py", "demo"]
    subprocess.run(demo, cwd=ROOT, env=server.variables, check=True, capture_output=True)
    server.execute(
        "INSERT INTO chat_chatbot_knowledge_bases (chatbot_id, knowledgebase_id)"
        " SELECT ?, id FROM chat_knowledgebase",
        server.people["alice"]["chatbot"].replace("-", ""),
    )
    server.execute(
        "CREATE TRIGGER refusing BEFORE UPDATE OF hits_count ON chat_passage"
        " BEGIN SELECT RAISE(ABORT, 'refused'); END"
    )
    server.start()

    async def scene() -> None:
        async with Tab(server, "alice") as tab:
            first = (await tab.send("How do I connect a model of my own?"))["message"]
            more = (await tab.send("Hello", conversation=first["conversation"]))["message"]
            heard = await tab.ended(first["reply"]["id"])
            assert (heard.status, bool(heard.citations)) == ("complete", True)
            assert (await tab.ended(more["reply"]["id"])).status == "complete"

    asyncio.run(scene())
    wait_until(lambda: "hits_not_counted" in server.log)
    assert "never retrieved" not in server.log
