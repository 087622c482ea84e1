"""Sending, streaming, waiting one's turn, stopping and asking again, through sockets of a real server."""

from __future__ import annotations

import asyncio
import time
from typing import Any
from uuid import UUID, uuid4

import pytest

from tests.harness.scale import LATE
from tests.harness.scene import run
from tests.harness.server import Server
from tests.harness.tab import Heard, Tab
from tests.simulator.process import SimulatorProcess
from tests.simulator.text import expected_text


def test_a_reply_streams_and_equals_what_is_stored(server: Server) -> None:
    async def scene() -> None:
        async with Tab(server, "alice") as tab:
            sent = await tab.send("Tell me. sim:tokens=200,seed=3")
            reply = sent["message"]["reply"]
            heard = await tab.ended(reply["id"])
            assert heard.status == "complete"
            assert heard.text == expected_text(200, 3)
            assert heard.length == len(heard.text)
            assert server.text_of(reply["id"]) == ("complete", heard.text)
            types = [frame["type"] for frame in tab.frames if frame.get("reply") == reply["id"]]
            assert types[0] == "reply.started"
            assert types[-1] == "reply.ended"

    run(scene())


def test_a_second_tab_that_comes_in_the_middle_sees_the_same_text(server: Server) -> None:
    async def scene() -> None:
        async with Tab(server, "alice") as first, Tab(server, "alice") as second:
            sent = await first.send("sim:tokens=120,rate=100,seed=4")
            reply = sent["message"]["reply"]["id"]
            await first.wait(lambda: first.heard.get(reply) and len(first.heard[reply].text) > 100)
            await second.say("open", conversation=sent["message"]["conversation"])
            assert (
                (await second.ended(reply)).text == (await first.ended(reply)).text == expected_text(120, 4)
            )

    run(scene())


def test_a_message_of_one_tab_appears_in_the_other(server: Server) -> None:
    async def scene() -> None:
        async with Tab(server, "alice") as first, Tab(server, "alice") as second:
            sent = await first.send("sim:tokens=5")
            conversation = sent["message"]["conversation"]
            await first.ended(sent["message"]["reply"]["id"])
            await second.say("open", conversation=conversation)
            again = await first.send("And then? sim:tokens=20,seed=9", conversation=conversation)
            seen = await second.wait(
                lambda: next(
                    (
                        one
                        for one in second.frames
                        if one["type"] == "message" and one["message"]["id"] == again["message"]["id"]
                    ),
                    None,
                )
            )
            # The reply may have gone on in between.
            replies = seen["message"].pop("reply"), again["message"].pop("reply")
            assert seen["message"] == again["message"]
            assert replies[0]["id"] == replies[1]["id"]
            assert (await second.ended(replies[1]["id"])).text == expected_text(20, 9)
            assert sum(one["type"] == "message" for one in first.frames) == 2

    run(scene())


def test_the_same_message_sent_twenty_times_is_stored_once(server: Server) -> None:
    async def scene() -> None:
        async with Tab(server, "alice") as first, Tab(server, "alice") as second:
            id, conversation = str(uuid4()), str(uuid4())
            for tab in [first, second] * 10:
                await tab.say("send", id=id, conversation=conversation, content="Once. sim:tokens=5")
            answers = [
                await tab.wait(lambda tab=tab: (found := replies_to(tab, id)) and len(found) == 10 and found)
                for tab in (first, second)
            ]
            assert (
                len(
                    {
                        (one["message"]["reply"]["id"], one["message"]["id"])
                        for both in answers
                        for one in both
                    }
                )
                == 1
            )
            count = "SELECT count(*) FROM chat_message WHERE conversation_id = ?"
            assert server.rows(count, conversation.replace("-", "")) == [(2,)]

    run(scene())


def replies_to(tab: Tab, ref: str) -> list[dict[str, Any]]:
    return [one for one in tab.frames if one["type"] == "message" and one.get("ref") == ref]


def test_a_second_message_waits_its_turn(server: Server) -> None:
    async def scene() -> None:
        async with Tab(server, "alice") as tab:
            one = await tab.send("sim:tokens=2000,rate=20,seed=1")
            two = await tab.send("sim:tokens=10,seed=2", conversation=one["message"]["conversation"])
            assert two["message"]["reply"]["state"] == "queued"
            first, second = one["message"]["reply"]["id"], two["message"]["reply"]["id"]
            await tab.say("stop", reply=first)
            await tab.ended(second)
            times = "SELECT ended_at, started_at FROM chat_reply WHERE id IN (?, ?) ORDER BY started_at"
            (first_ended, _), (_, second_started) = server.rows(
                times, first.replace("-", ""), second.replace("-", "")
            )
            assert first_ended <= second_started
            assert tab.heard[second].text == expected_text(10, 2)

    run(scene())


def test_a_stop_from_another_tab_closes_the_upstream_within_a_second(
    server: Server, simulator: SimulatorProcess
) -> None:
    async def scene() -> None:
        async with Tab(server, "alice") as first, Tab(server, "alice") as second:
            mark = f"stop-{uuid4()}"
            sent = await first.send(f"{mark} sim:tokens=2000,rate=50")
            reply = sent["message"]["reply"]["id"]
            await first.wait(lambda: first.heard.get(reply) and first.heard[reply].text)
            asked = time.monotonic()
            await second.say("stop", reply=reply)
            heard = await first.ended(reply)
            record = await asyncio.to_thread(simulator.request_like, mark)
            assert heard.status == "stopped"
            assert record["closed_early"]
            assert record["closed_at"] - asked < 1 + LATE
            state, text = server.text_of(reply)
            assert (state, text) == ("stopped", heard.text)
            assert expected_text(2000).startswith(text)
            closed = server.rows(
                "SELECT upstream_closed_at FROM chat_reply WHERE id = ?", reply.replace("-", "")
            )
            assert closed[0][0] is not None

    run(scene())


def test_a_waiting_message_can_be_stopped_before_it_begins(server: Server) -> None:
    async def scene() -> None:
        async with Tab(server, "alice") as tab:
            one = await tab.send("sim:tokens=2000,rate=20")
            two = await tab.send("sim:tokens=10", conversation=one["message"]["conversation"])
            await tab.say("stop", reply=two["message"]["reply"]["id"])
            assert (await tab.ended(two["message"]["reply"]["id"])).status == "stopped"
            first = one["message"]["reply"]["id"]
            assert tab.heard[first].status == ""
            await tab.say("stop", reply=first)
            assert (await tab.ended(first)).status == "stopped"

    run(scene())


def test_asking_again_makes_a_new_attempt_and_supersedes_the_first(server: Server) -> None:
    async def scene() -> None:
        async with Tab(server, "alice") as tab:
            sent = await tab.send("sim:tokens=10")
            message, first = sent["message"]["id"], sent["message"]["reply"]
            await tab.ended(first["id"])
            await tab.say("retry", message=message)
            second = (await tab.wait(lambda: attempt(tab, message, 2)))["message"]["reply"]
            assert (await tab.ended(second["id"])).text == expected_text(10)
            listed = history(server, "alice", sent["message"]["conversation"])
            assert [one["id"] for one in listed] == [second["message"], message]
            kept = server.rows(
                "SELECT superseded FROM chat_message WHERE id = ?", first["message"].replace("-", "")
            )
            assert kept == [(1,)]

    run(scene())


def attempt(tab: Tab, message: str, number: int) -> dict[str, Any] | None:
    return next(
        (
            one
            for one in tab.frames
            if one["type"] == "message"
            and one["message"]["id"] == message
            and one["message"]["reply"]["attempt"] == number
        ),
        None,
    )


def history(server: Server, name: str, conversation: str) -> list[dict[str, Any]]:
    import json

    path = f"/chat/conversations/{conversation}/messages"
    status, body = server.get(path, session=server.people[name]["session"])
    assert status == 200
    results: list[dict[str, Any]] = json.loads(body)["results"]
    return results


@pytest.mark.parametrize(
    ("fault", "code", "kept"),
    [
        ("cut_chunked,after=10", "upstream_cut", True),
        ("cut_close,after=10", "upstream_cut", True),
        ("malformed,after=10", "upstream_bad_data", True),
        ("500", "upstream_error", False),
    ],
)
def test_a_fault_of_the_upstream_keeps_the_partial_text_and_can_be_retried(
    server: Server, fault: str, code: str, kept: bool
) -> None:
    async def scene() -> None:
        async with Tab(server, "alice") as tab:
            sent = await tab.send(f"sim:tokens=50,fault={fault}")
            heard = await tab.ended(sent["message"]["reply"]["id"])
            assert (heard.status, heard.error) == ("failed", code)
            assert bool(heard.text) == kept
            assert server.text_of(sent["message"]["reply"]["id"]) == ("failed", heard.text)
            ended = await tab.frame("reply.ended", reply=sent["message"]["reply"]["id"])
            assert ended["error"]["retryable"] is True

    run(scene())


def test_an_unreachable_upstream_ends_with_its_code(tmp_path_factory: pytest.TempPathFactory) -> None:
    async def scene(server: Server) -> None:
        async with Tab(server, "alice") as tab:
            sent = await tab.send("Hello?")
            heard = await tab.ended(sent["message"]["reply"]["id"], within=40)
            assert (heard.status, heard.error) == ("failed", "upstream_unreachable")

    with Server(tmp_path_factory.mktemp("data"), "http://127.0.0.1:9/v1") as server:
        run(scene(server))


def test_a_tab_that_comes_back_after_the_end_gets_one_snapshot_and_the_end(server: Server) -> None:
    async def scene() -> None:
        async with Tab(server, "alice") as tab:
            sent = await tab.send("sim:tokens=40,seed=8")
            reply, conversation = sent["message"]["reply"]["id"], sent["message"]["conversation"]
            await tab.ended(reply)
        async with Tab(server, "alice") as later:
            later.heard[reply] = Heard(text="not mine", seq=10_000)
            await later.say("open", conversation=conversation, reply=reply, after=10_000)
            heard = await later.ended(reply)
            assert heard.text == expected_text(40, 8)

    run(scene())


def test_a_closed_tab_stops_nothing(server: Server) -> None:
    async def scene() -> None:
        async with Tab(server, "alice") as tab:
            sent = await tab.send("sim:tokens=60,rate=60,seed=5")
        async with Tab(server, "alice", heard=tab.heard) as again:
            reply = sent["message"]["reply"]["id"]
            known = again.heard.get(reply, Heard())
            await again.say(
                "open", conversation=sent["message"]["conversation"], reply=reply, after=known.seq
            )
            assert (await again.ended(reply)).text == expected_text(60, 5)

    run(scene())


def test_a_message_that_was_answered_meanwhile_brings_its_answer(server: Server) -> None:
    async def scene() -> None:
        async with Tab(server, "alice") as first, Tab(server, "alice") as second:
            sent = await first.send("sim:tokens=20,seed=9")
            message, reply = sent["message"], sent["message"]["reply"]["id"]
            await first.ended(reply)
            await second.say("open", conversation=message["conversation"])
            again = {name: message[name] for name in ("id", "conversation", "content")}
            await second.say("send", **again)
            assert (await second.ended(reply)).text == expected_text(20, 9)

    run(scene())


def test_a_chatbot_that_is_switched_off_takes_no_message_and_answers_none_that_waits(server: Server) -> None:
    def switch(on: bool) -> None:
        query = "UPDATE chat_chatbot SET is_active = ? WHERE id = ?"
        assert server.execute(query, on, UUID(server.people["alice"]["chatbot"]).hex) == 1

    async def scene() -> None:
        async with Tab(server, "alice") as tab:
            first = (await tab.send("sim:tokens=2000,rate=20"))["message"]
            talk = first["conversation"]
            waits = (await tab.send("sim:tokens=1", conversation=talk))["message"]
            switch(False)
            await tab.say("stop", reply=first["reply"]["id"])
            ended = await tab.frame("reply.ended", reply=waits["reply"]["id"])
            assert (ended["status"], ended["length"]) == ("failed", 0)
            assert (ended["error"]["code"], ended["error"]["retryable"]) == ("chatbot_off", False)
            id = str(uuid4())
            await tab.say("send", id=id, conversation=talk, content="sim:tokens=1")
            await tab.say("retry", message=first["id"])
            for ref in (id, first["id"]):
                refused = await tab.frame("error", ref=ref)
                assert refused["code"] == "chatbot_off"
                assert "switched off" in refused["message"]
            # What was stored before is known, whoever sends it again.
            assert (await tab.send("sim:tokens=1", conversation=talk, id=waits["id"]))["message"]["id"]
            switch(True)
            sent = await tab.send("sim:tokens=1", conversation=talk, id=id)
            assert (await tab.ended(sent["message"]["reply"]["id"])).status == "complete"

    try:
        run(scene())
    finally:
        switch(True)
