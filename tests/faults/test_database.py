"""The database is locked by somebody else, or is not there: people wait, nobody loses anything."""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import AsyncExitStack
from pathlib import Path
from uuid import uuid4

import pytest
import requests

from tests.harness.cluster import on_postgresql
from tests.harness.database import PostgresDatabase
from tests.harness.errors import no_errors
from tests.harness.page import Page
from tests.harness.program import Program
from tests.harness.scale import LATE, scaled
from tests.harness.server import ROOT, Server
from tests.harness.tab import Tab
from tests.services import wait_until
from tests.simulator.process import SimulatorProcess
from tests.simulator.text import expected_text

pytestmark = pytest.mark.fault
PEOPLE = scaled(50, 20)
READERS = 5
#: Of each of the two ways of sending over HTTP. One key waits for 20 replies in a process at most.
PROGRAMS = scaled(20, 8)
#: A lock that nobody may notice, and one longer than a lease.
SHORT, LONG = scaled(3, 2), scaled(10, 6)
RATE = 20
#: The errors that a log may have then.
WAITED_TOO_LONG = {"storage_busy", "beat_failed", "wake_failed", "reply_end_not_stored"}
AWAY = scaled(20, 4)
#: Of a hundred writes it is the longest.
P99_SECONDS = scaled(15, 100) / 10
WRITERS, PROCESSES, TRANSACTIONS = scaled(50, 10), scaled(5, 2), scaled(100, 10)


@pytest.mark.parametrize("processes", [1, PROCESSES])
def test_many_write_at_once(simulator: SimulatorProcess, tmp_path: Path, processes: int) -> None:
    """On SQLite one process serves; commands write beside it."""
    idle = Server(tmp_path / "data", simulator.url)
    try:
        threads = str(WRITERS // processes)
        command = [sys.executable, "-m", "tests.harness.writers", threads, str(TRANSACTIONS)]
        writers = [
            subprocess.Popen(command, cwd=ROOT, env=idle.variables, stdout=subprocess.PIPE, text=True)
            for _ in range(processes)
        ]
        seconds = sorted(time for writer in writers for time in json.loads(writer.communicate()[0]))
        assert [writer.returncode for writer in writers] == [0] * processes
        expected = WRITERS * TRANSACTIONS
        assert len(seconds) == expected
        count = "SELECT count(*) FROM chat_message WHERE type = 'incoming'"
        assert idle.rows(count) == [(expected,)]
    finally:
        idle.__exit__()
    p99 = seconds[int(len(seconds) * 0.99)]
    print(
        f"{processes} processes of {threads} threads, {TRANSACTIONS} messages each: all stored, "
        f"p99 {p99:.2f} s, longest {seconds[-1]:.2f} s"
    )
    assert p99 <= P99_SECONDS
    assert seconds[-1] <= 10


async def pages_on(servers: list[Server], name: str, count: int, stack: AsyncExitStack) -> list[Page]:
    pages = [Page(servers, name, at=number) for number in range(count)]
    await asyncio.gather(*(stack.enter_async_context(page) for page in pages))
    return pages


@pytest.mark.parametrize("seconds", [SHORT, LONG])
def test_people_send_while_the_database_is_locked(servers: list[Server], seconds: int) -> None:
    tokens = (seconds + 4) * RATE

    async def scene() -> tuple[list[Page], list[Page], float, float]:
        async with AsyncExitStack() as stack:
            readers = await pages_on(servers, "alice", READERS, stack)
            senders = await pages_on(servers, "bob", PEOPLE, stack)
            for number, page in enumerate(readers):
                page.ask(f"sim:tokens={tokens},rate={RATE},seed={number}")
            await asyncio.gather(*(page.wait(lambda page=page: page.known.text) for page in readers))
            locked = servers[0].database.locked()
            await asyncio.to_thread(locked.__enter__)
            locked_at = time.monotonic()
            for number, page in enumerate(senders):
                page.ask(f"sim:tokens=5,seed={number}")
            await asyncio.sleep(seconds)
            released_at = time.monotonic()
            await asyncio.to_thread(locked.__exit__, None, None, None)
            await asyncio.gather(*(page.stored() for page in senders))
            stored_in = time.monotonic() - released_at
            await asyncio.gather(*(page.ended() for page in [*readers, *senders]))
            silence = max(longest_silence(page, locked_at, released_at) for page in readers)
            return readers, senders, stored_in, silence

    with no_errors(servers, but=WAITED_TOO_LONG if seconds == LONG else ()):
        readers, senders, stored_in, silence = asyncio.run(scene())
    told = Counter(frame["code"] for page in [*readers, *senders] for frame in page.refusals)
    print(
        f"locked for {seconds} s, {len(servers)} processes: {PEOPLE} messages stored {stored_in:.1f} s "
        f"after it, "
        f"errors {dict(told)}, longest silence of a running reply {silence:.2f} s"
    )
    assert told.keys() <= {"storage_busy"}
    assert told.total() <= (PEOPLE // 10 if seconds == LONG else 0)
    assert all("locked" not in frame["message"] for page in senders for frame in page.refusals)
    assert silence < 1 + LATE / 2
    for number, page in enumerate(readers):
        assert (page.known.status, page.known.text) == ("complete", expected_text(tokens, number))
    for number, page in enumerate(senders):
        assert (page.known.status, page.known.text) == ("complete", expected_text(5, number))
        stored_once(servers[0], page)
    for server in servers:
        assert "lease_lost" not in server.log
        assert "took_over" not in server.log


@pytest.mark.parametrize("seconds", [SHORT, LONG])
def test_programs_send_while_the_database_is_locked(servers: list[Server], seconds: int) -> None:
    """Some ask the chatbot, others store a message that is answered in the background."""
    mark = uuid4().hex
    programs = [Program(servers[number % len(servers)], "alice") for number in range(PROGRAMS)]
    words = [f"{mark} sim:tokens=5,seed={number}" for number in range(2 * PROGRAMS)]

    def ask(program: Program, content: str) -> requests.Response:
        return program.ask(content, headers={"Idempotency-Key": content})

    def store(program: Program, conversation: str, content: str) -> requests.Response:
        body = {"conversation": conversation, "content": content, "attachments": []}
        address = f"{program.server.origin}/api/messages/"
        return requests.post(address, json=body, headers=program.headers(), timeout=60)

    refusal = {"Service Unavailable:"} if seconds == LONG else ()
    with no_errors(servers, but=refusal), ThreadPoolExecutor(2 * PROGRAMS) as pool:
        places = [one.json()["conversationId"] for one in pool.map(ask, programs, map(str, range(PROGRAMS)))]
        with servers[0].database.locked():
            asked = [pool.submit(sent, ask, *given) for given in zip(programs, words, strict=False)]
            rest = zip(programs, places, words[PROGRAMS:], strict=True)
            stored = [pool.submit(sent, store, *given) for given in rest]
            time.sleep(seconds)
            assert not any(one.done() for one in asked + stored)
        answers = [one.result()[0].json()["content"] for one in asked]
        refused = sum(one.result()[1] for one in asked + stored)
    print(f"locked for {seconds} s, {len(servers)} processes: {2 * PROGRAMS} requests, {refused} refusals")
    assert refused <= (0 if seconds == SHORT else 2 * PROGRAMS // 10)
    assert answers == [expected_text(5, number) for number in range(PROGRAMS)]
    count = "SELECT content, count(*) FROM chat_message WHERE content LIKE ? GROUP BY content"
    assert dict(servers[0].rows(count, f"{mark}%")) == dict.fromkeys(words, 1)


def sent(send: Callable[..., requests.Response], *given: object) -> tuple[requests.Response, int]:
    """What is answered in the end, and how often it was refused before: it comes again when it may."""
    refused = 0
    while (answer := send(*given)).status_code == 503 and refused < 10:
        refused += 1
        time.sleep(int(answer.headers["Retry-After"]))
    assert answer.ok, answer.text
    return answer, refused


def longest_silence(page: Page, since: float, until: float) -> float:
    times = [since, *(at for at in page.news_at if since < at < until), until]
    return max(later - at for at, later in zip(times, times[1:], strict=False))


def stored_once(server: Server, page: Page) -> None:
    counted = "SELECT count(*) FROM chat_reply WHERE incoming_id = ?"
    assert server.rows(counted, page.id.replace("-", "")) == [(1,)]
    assert server.text_of(page.reply) == (page.known.status, page.known.text)


@on_postgresql
def test_the_database_goes_away_and_comes_back(simulator: SimulatorProcess, tmp_path: Path) -> None:
    tokens = AWAY * RATE // 2 + 20

    async def scene(server: Server) -> None:
        assert isinstance(server.database, PostgresDatabase)
        assert server.process
        async with AsyncExitStack() as stack:
            reader, sender = await pages_on([server], "alice", 2, stack)
            reader.ask(f"sim:tokens={tokens},rate={RATE},seed=1")
            await reader.wait(lambda: reader.known.text)
            assert reader.line
            queued = await reader.line.send("sim:tokens=5,seed=3", conversation=reader.conversation)
            with server.database.away():
                gone_at = time.monotonic()
                sender.ask("sim:tokens=5,seed=2")
                unready = await until_status(server, 503)
                await sender.wait(lambda: sender.refusals)
                refused = time.monotonic() - gone_at
                for path in ("/", "/chat/conversations"):
                    assert await asyncio.to_thread(busy, server, path) == (503, "2")
                await asyncio.sleep(max(0, AWAY - (time.monotonic() - gone_at)))
                read = len(reader.known.text)
                assert reader.known.status == ""
            back_at = time.monotonic()
            await until_status(server, 200)
            ready = time.monotonic() - back_at
            await sender.stored()
            stored = time.monotonic() - back_at
            await asyncio.gather(reader.ended(), sender.ended())
            ended = time.monotonic() - back_at
            answer = await reader.line.ended(queued["message"]["reply"]["id"])
            assert (answer.status, answer.text) == ("complete", expected_text(5, 3))
            assert not reader.refusals
            assert (reader.known.status, reader.known.text) == ("complete", expected_text(tokens, 1))
            assert read == len(reader.known.text), "it was read to its end meanwhile"
            assert (sender.known.status, sender.known.text) == ("complete", expected_text(5, 2))
            stored_once(server, reader)
            stored_once(server, sender)
            assert {frame["code"] for frame in sender.refusals} == {"storage_busy"}
            print(
                f"PostgreSQL away for {AWAY} s: not ready within {unready:.1f} s, refused after "
                f"{refused:.1f} s; "
                f"once it is back: ready {ready:.1f} s, message stored {stored:.1f} s, "
                f"ends shown {ended:.1f} s"
            )
            assert unready <= 5 + LATE

    with Server(tmp_path / "data", simulator.url) as server:
        asyncio.run(scene(server))
        assert server.process
        assert server.process.poll() is None


@on_postgresql
def test_a_reply_whose_connection_is_cut_as_it_begins_is_begun_again(
    simulator: SimulatorProcess, tmp_path: Path
) -> None:
    async def scene(server: Server) -> None:
        assert isinstance(server.database, PostgresDatabase)
        async with Tab(server, "alice") as tab:
            first = (await tab.send("sim:tokens=2000,rate=20"))["message"]
            more = await tab.send("sim:tokens=5,seed=2", conversation=first["conversation"])
            with server.database.locked("chat_languagemodel"):  # read for what the model is asked
                await tab.say("stop", reply=first["reply"]["id"])
                assert (await tab.ended(first["reply"]["id"])).status == "stopped"
                await asyncio.to_thread(wait_until, server.database.cut_waiting)
            heard = await tab.ended(more["message"]["reply"]["id"])
            assert (heard.status, heard.text) == ("complete", expected_text(5, 2))

    with Server(tmp_path / "data", simulator.url) as server:
        asyncio.run(scene(server))
        assert "replies_not_begun" in server.log
        assert "never retrieved" not in server.log


def busy(server: Server, path: str) -> tuple[int, str | None]:
    """Status and ``Retry-After`` of what alice asks for."""
    cookies = {"sessionid": server.people["alice"]["session"]}
    answer = requests.get(server.origin + path, cookies=cookies, timeout=60)
    return answer.status_code, answer.headers.get("Retry-After")


async def until_status(server: Server, status: int, *, within: float = 30) -> float:
    """How long it took ``/readyz`` to say so."""
    begun = time.monotonic()
    while (await asyncio.to_thread(server.get, "/readyz"))[0] != status:
        assert time.monotonic() - begun < within
        await asyncio.sleep(0.1)
    return time.monotonic() - begun
