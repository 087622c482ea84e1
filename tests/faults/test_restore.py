"""The drill: a backup while people chat, and a new server from nothing but that file."""

from __future__ import annotations

import asyncio
import os
import shutil
import sqlite3
import subprocess
import sys
import time
from contextlib import closing
from pathlib import Path

import pytest

from tests.harness.database import SqliteFile, database_for
from tests.harness.scale import scaled
from tests.harness.server import ROOT, Server
from tests.harness.tab import Tab
from tests.services import wait_until
from tests.simulator.process import SimulatorProcess
from tests.simulator.text import expected_text

pytestmark = pytest.mark.fault
PEOPLE = scaled(40, 6)
#: Whole exchanges of each before the backup begins in the middle of the next.
EARLIER = scaled(3, 1)
#: Rows of 1 kB that the database has besides, so that the backup takes its time.
ROWS = scaled(500_000, 20_000)
BALLAST = (
    "CREATE TABLE ballast AS WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n "  # noqa: S608
    f"WHERE i < {ROWS}) SELECT i, '{'x' * 1000}' AS text FROM n"
)
#: The slowest acknowledgement while the backup is made, in seconds: the disk is shared, the lock is not.
HELD = 10.0


class EmptyServer(Server):
    """A server that has neither data nor tables until something is restored."""

    def __init__(self, data: Path, upstream: str) -> None:
        super().__init__(data, upstream)
        self.database.drop()
        shutil.rmtree(data)
        data.mkdir()
        self.database = database_for(data, os.environ.get("DATABASE_URL", ""))
        self.variables |= self.database.variables


def manage(server: Server, *command: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "manage.py", *command],
        cwd=ROOT,
        env=server.variables,
        capture_output=True,
        text=True,
        check=False,
    )


class Talker:
    """Sends and listens until it is told to end; knows which messages the server has acknowledged."""

    def __init__(self, server: Server, number: int) -> None:
        self.tab, self.number = Tab(server, "alice"), number
        self.acknowledged: list[str] = []
        self.slowest = 0.0
        self.warm = asyncio.Event()

    async def talk(self, over: asyncio.Event) -> None:
        async with self.tab:
            while not over.is_set():
                begun = time.monotonic()
                sent = await self.tab.send(f"sim:tokens=60,rate=60,seed={self.number}")
                self.slowest = max(self.slowest, time.monotonic() - begun)
                self.acknowledged.append(sent["message"]["id"].replace("-", ""))
                if len(self.acknowledged) > EARLIER:
                    self.warm.set()
                await self.tab.ended(sent["message"]["reply"]["id"], within=60)


async def back_up_while_people_talk(server: Server, file: Path) -> tuple[list[str], float]:
    """Which messages had been acknowledged when the backup began, and the slowest acknowledgement since."""
    over = asyncio.Event()
    talkers = [Talker(server, number) for number in range(PEOPLE)]
    talking = [asyncio.create_task(talker.talk(over)) for talker in talkers]
    await asyncio.gather(*(talker.warm.wait() for talker in talkers))
    acknowledged = [id for talker in talkers for id in talker.acknowledged]
    for talker in talkers:
        talker.slowest = 0
    done = await asyncio.to_thread(manage, server, "backup", str(file))
    assert done.returncode == 0, done.stderr
    slowest = max(talker.slowest for talker in talkers)
    over.set()
    await asyncio.gather(*talking)
    return acknowledged, slowest


def test_a_backup_made_under_load_becomes_a_server_with_every_acknowledged_message(
    simulator: SimulatorProcess, tmp_path: Path
) -> None:
    file = tmp_path / "backup.tar"
    with Server(tmp_path / "first", simulator.url) as server:
        server.execute(BALLAST)
        acknowledged, slowest = asyncio.run(back_up_while_people_talk(server, file))
        refused = manage(server, "restore", "--replace", str(file))
        assert refused.returncode == 1
        assert "Parley" in refused.stderr
        assert server.get("/readyz")[0] == 200

    new = EmptyServer(tmp_path / "new", simulator.url)
    begun = time.monotonic()
    done = manage(new, "restore", str(file))
    assert done.returncode == 0, done.stderr
    restored = time.monotonic() - begun
    with new:
        started = time.monotonic() - begun - restored
        assert started < 60
        check_integrity(new)
        kept = {id for (id,) in new.rows("SELECT id FROM chat_message WHERE type = 'incoming'")}
        assert set(acknowledged) <= kept
        wait_until(lambda: not states(new) & {"running", "queued"}, seconds=30)
        check_texts(new)
        asyncio.run(goes_on(new))
        refused = manage(new, "restore", "--replace", str(file))
        assert (refused.returncode, "Stop" in refused.stderr) == (1, True)
    print(
        f"{len(acknowledged)} acknowledged, all kept; {file.stat().st_size / 1e6:.0f} MB; slowest "
        f"acknowledgement meanwhile {slowest:.2f} s; restored in {restored:.1f} s, ready in {started:.1f} s"
    )
    assert 0 < slowest < HELD


def states(server: Server) -> set[str]:
    return {state for (state,) in server.rows("SELECT DISTINCT state FROM chat_reply")}


def check_integrity(server: Server) -> None:
    if isinstance(server.database, SqliteFile):
        with closing(sqlite3.connect(server.database.path, timeout=20)) as database:
            assert database.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
            assert database.execute("PRAGMA foreign_key_check").fetchall() == []


def check_texts(server: Server) -> None:
    """Whole where the reply is complete, and the beginning of it where the backup has cut it off."""
    found = server.rows(
        "SELECT r.state, r.text, q.content FROM chat_reply r JOIN chat_message q ON q.id = r.incoming_id"
    )
    assert found
    for state, text, asked in found:
        whole = expected_text(60, int(asked.rpartition("=")[2]))
        assert state in ("complete", "interrupted")
        assert whole == text if state == "complete" else whole.startswith(text)


async def goes_on(server: Server) -> None:
    """People are still logged in, and are answered."""
    async with Tab(server, "alice") as tab:
        sent = await tab.send("sim:tokens=20,seed=9")
        assert (await tab.ended(sent["message"]["reply"]["id"])).text == expected_text(20, 9)


def test_a_database_with_people_is_set_aside_not_lost(simulator: SimulatorProcess, tmp_path: Path) -> None:
    file = tmp_path / "backup.tar"
    server = Server(tmp_path / "data", simulator.url)
    try:
        assert manage(server, "backup", str(file)).returncode == 0
        server.execute("UPDATE chat_user SET display_name = 'changed since'")
        refused = manage(server, "restore", str(file))
        assert (refused.returncode, "--replace" in refused.stderr) == (1, True)
        done = manage(server, "restore", "--replace", str(file))
        assert done.returncode == 0, done.stderr
        assert ("changed since",) not in server.rows("SELECT display_name FROM chat_user")
        assert names_set_aside(server, done.stdout) == ["changed since"]
        again = manage(server, "backup", str(tmp_path / "again.tar"))
        assert again.returncode == 0, again.stderr
    finally:
        server.database.drop()


def names_set_aside(server: Server, told: str) -> list[str]:
    if isinstance(server.database, SqliteFile):
        (aside,) = server.data.glob("replaced-*")
        old = SqliteFile(aside).rows("SELECT DISTINCT display_name FROM chat_user")
    else:
        schema = told.partition("in the schema ")[2].partition(":")[0]
        old = server.rows(f"SELECT DISTINCT display_name FROM {schema}.chat_user")  # noqa: S608
    return [name for (name,) in old]
