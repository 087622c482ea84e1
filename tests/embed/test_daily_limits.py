"""What the visitors of an embedded chat may send in a day, and what it may cost, on a real server."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import AsyncExitStack, contextmanager
from pathlib import Path
from uuid import uuid4

import pytest

from tests.harness.database import PostgresDatabase
from tests.harness.guest import Guest, set_web_chat
from tests.harness.scene import run
from tests.harness.server import Server
from tests.harness.tab import Frame, Heard
from tests.services import wait_until
from tests.simulator.process import SimulatorProcess

#: Of what the simulator counts as a prompt.
PROMPT = 7
OPEN = {
    "message_characters": 8000,
    "messages_per_visitor": None,
    "messages_per_address": None,
    "messages_per_day": None,
    "tokens_per_day": None,
}


@pytest.fixture(autouse=True)
def _without_limits(server: Server) -> None:
    limit(server, **OPEN)
    next_day(server)


def limit(server: Server, **limits: int | None) -> None:
    set_web_chat(server, server.people["alice"]["webChat"], **limits)


def next_day(server: Server) -> None:
    """What was counted until now is of another day."""
    server.execute("DELETE FROM chat_dailyusage")


def tokens(server: Server) -> tuple[int, int]:
    """Used and reserved."""
    found = server.rows("SELECT tokens_used, tokens_reserved FROM chat_dailyusage WHERE who = ''")
    return found[0] if found else (0, 0)


async def refusal(guest: Guest, content: str = "One more. sim:tokens=1", **more: str) -> Frame:
    id = str(uuid4())
    await guest.say("send", id=id, conversation=str(uuid4()), content=content, **more)
    return await guest.frame("error", ref=id)


async def answer(guest: Guest, content: str = "sim:tokens=1", **more: str) -> Heard:
    return await guest.ended((await guest.send(content, **more))["message"]["reply"]["id"])


def test_a_visitor_sends_so_many_messages_a_day_and_a_repeat_is_no_second_one(server: Server) -> None:
    limit(server, messages_per_visitor=2)

    async def scene() -> None:
        async with Guest(server) as guest, Guest(server) as other:
            id, conversation = str(uuid4()), str(uuid4())
            for _ in range(3):
                guest.frames.clear()
                await guest.send("sim:tokens=1", id=id, conversation=conversation)
            await guest.send("sim:tokens=1")
            refused = await refusal(guest)
            assert refused["code"] == "daily_limit"
            assert "Try again tomorrow." in refused["message"]
            await other.send("sim:tokens=1")
            next_day(server)
            await guest.send("sim:tokens=1")

    run(scene())


def test_asking_again_counts_as_a_message(server: Server) -> None:
    limit(server, messages_per_visitor=2)

    async def scene() -> None:
        async with Guest(server) as guest:
            sent = (await guest.send("sim:tokens=1"))["message"]
            await guest.ended(sent["reply"]["id"])
            await guest.say("retry", message=sent["id"])
            again = await guest.frame("reply.started", attempt=2)
            await guest.ended(again["reply"])
            await guest.say("retry", message=sent["id"])
            assert (await guest.frame("error", ref=sent["id"]))["code"] == "daily_limit"
            assert not any(one.get("attempt") == 3 for one in guest.frames)

    run(scene())


def test_new_visitors_at_one_address_share_its_limit_and_nothing_is_stored_of_those_refused(
    server: Server,
) -> None:
    limit(server, messages_per_address=2)

    async def scene() -> None:
        async with Guest(server) as first, Guest(server) as second, Guest(server) as third:
            await first.send("sim:tokens=1")
            await second.send("sim:tokens=1")
            before = server.rows("SELECT count(*) FROM chat_visitor")
            assert (await refusal(third))["code"] == "daily_limit"
            assert server.rows("SELECT count(*) FROM chat_visitor") == before
            assert "127.0.0.1" not in str(server.rows("SELECT who FROM chat_dailyusage"))

    run(scene())


def test_of_twenty_who_send_at_once_when_one_is_left_one_passes(server: Server) -> None:
    async def scene() -> None:
        async with AsyncExitStack() as stack:
            guests = [await stack.enter_async_context(Guest(server)) for _ in range(20)]
            for before in (0, 3):  # of a day without a row, and of one that has begun
                next_day(server)
                limit(server, messages_per_day=before + 1)
                for _ in range(before):
                    await guests[0].send("sim:tokens=1")
                ids = [str(uuid4()) for _ in guests]
                for guest, id in zip(guests, ids, strict=True):
                    await guest.say("send", id=id, conversation=str(uuid4()), content="sim:tokens=1")
                answers = await asyncio.gather(
                    *(heard_of(guest, id) for guest, id in zip(guests, ids, strict=True))
                )
                assert sorted(answers) == ["daily_limit"] * 19 + ["stored"]

    run(scene())


async def heard_of(guest: Guest, id: str) -> str:
    """What became of a message."""

    def told() -> str:
        for one in guest.frames:
            if one.get("ref") == id:
                return "stored" if one["type"] == "message" else str(one["code"])
        return ""

    return str(await guest.wait(told))


def test_a_visitors_message_is_at_most_so_long(server: Server) -> None:
    limit(server, message_characters=20)

    async def scene() -> None:
        async with Guest(server) as guest:
            await guest.send("好" * 20)
            assert (await refusal(guest, "x" * 21))["code"] == "too_large"

    run(scene())


def test_tokens_are_kept_while_a_reply_runs_and_counted_as_the_endpoint_did_when_it_ends(
    server: Server,
) -> None:
    limit(server, tokens_per_day=100_000)

    async def scene() -> None:
        async with Guest(server) as guest:
            sent = await guest.send("sim:tokens=30,rate=5")
            reply = sent["message"]["reply"]["id"]
            await guest.frame("reply.delta", reply=reply)
            assert tokens(server)[0] == 0
            assert tokens(server)[1] >= 2048  # a quarter of the context, and the prompt
            await guest.ended(reply)
            assert tokens(server) == (PROMPT + 30, 0)
            await answer(guest, "sim:tokens=5", conversation=sent["message"]["conversation"])
            assert tokens(server) == (PROMPT + 30 + PROMPT + 5, 0)

    run(scene())


def test_when_the_tokens_are_spent_the_message_is_stored_and_its_reply_says_so(server: Server) -> None:
    limit(server, tokens_per_day=1000)

    async def scene() -> None:
        async with Guest(server) as guest:
            sent = (await guest.send("sim:tokens=1"))["message"]
            ended = await guest.frame("reply.ended", reply=sent["reply"]["id"])
            assert (ended["status"], ended["error"]["code"]) == ("failed", "daily_limit")
            assert 0 < ended["error"]["retryAfter"] <= 24 * 3600
            assert tokens(server) == (0, 0)
            limit(server, tokens_per_day=100_000)
            assert (await retried(guest, sent)).status == "complete"
            assert tokens(server) == (PROMPT + 1, 0)

    run(scene())


async def retried(guest: Guest, sent: Frame) -> Heard:
    await guest.say("retry", message=sent["id"])
    again = await guest.frame("reply.started", attempt=2)
    return await guest.ended(again["reply"])


@contextmanager
def counts_out_of_reach(server: Server) -> Iterator[str]:
    """Gives the code of what people are told. SQLite's lock is on everything, messages too: so the table is
    missing there, which is no lock that passes."""
    if isinstance(server.database, PostgresDatabase):
        with server.database.locked("chat_dailyusage"):
            yield "storage_busy"
        return
    server.execute("ALTER TABLE chat_dailyusage RENAME TO away")
    try:
        yield "internal"
    finally:
        server.execute("ALTER TABLE away RENAME TO chat_dailyusage")


def test_when_the_database_does_not_answer_the_message_is_stored_and_its_reply_says_so(
    server: Server,
) -> None:
    limit(server, tokens_per_day=100_000)

    async def scene() -> None:
        async with Guest(server) as guest:
            with counts_out_of_reach(server) as code:
                sent = (await guest.send("sim:tokens=1"))["message"]
                ended = await guest.frame("reply.ended", reply=sent["reply"]["id"], within=5)
            error = ended["error"]
            assert (ended["status"], error["code"], error["retryable"]) == ("failed", code, True)
            assert (await retried(guest, sent)).status == "complete"

    run(scene())


@pytest.mark.parametrize("scenario", ["sim:tokens=2000,rate=50", "sim:cut_chunked,after=20,tokens=50"])
def test_a_reply_that_does_not_come_to_its_end_is_counted_by_its_length(
    server: Server, scenario: str
) -> None:
    limit(server, tokens_per_day=100_000)

    async def scene() -> None:
        async with Guest(server) as guest:
            reply = (await guest.send(scenario))["message"]["reply"]["id"]
            await guest.wait(lambda: len(guest.heard[reply].text) > 20 if reply in guest.heard else None)
            await guest.say("stop", reply=reply)
            heard = await guest.ended(reply)
            assert heard.status in ("stopped", "failed")
            used, reserved = tokens(server)
            assert reserved == 0
            assert len(heard.text) / 4 < used < len(heard.text) + 40

    run(scene())


def test_what_a_killed_server_had_reserved_is_settled_by_the_next(
    simulator: SimulatorProcess, tmp_path: Path
) -> None:
    with Server(tmp_path / "data", simulator.url) as server:
        limit(server, tokens_per_day=100_000)

        async def scene() -> None:
            async with Guest(server) as guest:
                reply = (await guest.send("sim:tokens=2000,rate=20"))["message"]["reply"]["id"]
                await asyncio.to_thread(wait_until, lambda: server.text_of(reply)[1] != "")
                assert tokens(server)[1] > 2048
                server.kill()
                await guest.lost()

        run(scene())
        server.start()
        wait_until(lambda: tokens(server)[1] == 0)
        assert 0 < tokens(server)[0] < 2048
