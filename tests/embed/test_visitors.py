"""A visitor from the first look to the next visit: what is stored and when, and what they see again."""

from __future__ import annotations

from uuid import uuid4

from tests.harness.guest import Guest
from tests.harness.scene import run
from tests.harness.server import Server
from tests.simulator.text import expected_text

TABLES = ("chat_contact", "chat_visitor", "chat_visitortoken", "chat_conversation", "chat_message")


def stored(server: Server) -> list[int]:
    return [server.rows(f"SELECT count(*) FROM {table}")[0][0] for table in TABLES]  # noqa: S608


def test_whoever_only_looks_leaves_nothing_behind(server: Server) -> None:
    async def scene() -> None:
        before = stored(server)
        async with Guest(server) as guest:
            ready = await guest.frame("ready")
            assert ready["principal"]["kind"] == "visitor"
            assert guest.ask("conversations", token=ready["token"])[1]["code"] == "token_refused"
            await guest.say("open", conversation=str(uuid4()))
            assert (await guest.frame("error"))["code"] == "not_found"
        assert stored(server) == before

    run(scene())


def test_the_first_message_makes_the_visitor_who_finds_it_again_on_the_next_visit(server: Server) -> None:
    async def scene() -> None:
        before = stored(server)
        async with Guest(server) as guest:
            ready = await guest.frame("ready")
            message = (await guest.send("Hello. sim:tokens=30"))["message"]
            heard = await guest.ended(message["reply"]["id"])
            assert heard.text == expected_text(30)
            assert guest.token == ready["token"]
            assert [one["type"] for one in guest.frames].index("visitor") < [
                one["type"] for one in guest.frames
            ].index("message")
            assert message["sender"]["name"] == "anonymous"
        assert [now - then for now, then in zip(stored(server), before, strict=True)] == [1, 1, 1, 1, 2]
        async with Guest(server, token=guest.token) as again:
            assert (await again.frame("ready")).get("token") is None
            assert again.conversations() == [message["conversation"]]
            status, page = again.ask(f"conversations/{message['conversation']}/messages")
            assert [one["content"] for one in page["results"]] == [expected_text(30), "Hello. sim:tokens=30"]
            await again.send("And again. sim:tokens=1", conversation=message["conversation"])
            assert not any(one["type"] == "visitor" for one in again.frames)
        assert stored(server)[1] - before[1] == 1

    run(scene())
