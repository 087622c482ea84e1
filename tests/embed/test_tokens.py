"""The life of a visitor's token, on sockets and over HTTP."""

from __future__ import annotations

import time
from collections.abc import Callable
from unittest import mock
from uuid import uuid4

import pytest
from django.core import signing

from chat.services.visitor_tokens import TICKET, TICKET_SECONDS
from tests.harness.guest import SHOP, Guest, boot_of, moment, set_token, set_web_chat
from tests.harness.scene import run
from tests.harness.server import SECRET_KEY, Server

CODE = "token_refused"


async def written(server: Server, **options: str) -> tuple[str, str]:
    """A visitor who has written once: the token and the conversation."""
    async with Guest(server, **options) as guest:
        message = (await guest.send("Hello. sim:tokens=1"))["message"]
        await guest.ended(message["reply"]["id"])
        return guest.token, message["conversation"]


def test_a_token_older_than_a_day_is_replaced_and_the_old_one_lives_for_another_hour(server: Server) -> None:
    async def scene() -> None:
        old, conversation = await written(server)
        set_token(server, old, created_at=moment(hours=25))
        async with Guest(server, token=old) as guest:
            new = (await guest.frame("visitor"))["token"]
            assert new != old
            assert guest.conversations() == [conversation]
            assert guest.ask("conversations", token=old)[0] == 200
        async with Guest(server, token=new) as guest, Guest(server, token=old) as tab:
            await tab.say("ping")
            await tab.frame("pong")
            assert not any(one["type"] == "visitor" for one in guest.frames + tab.frames)
        set_token(server, old, replaced_at=moment(minutes=61))
        assert guest.ask("conversations", token=old)[1]["code"] == CODE
        assert guest.ask("conversations", token=new)[0] == 200

    run(scene())


def test_a_new_token_that_was_lost_on_its_way_is_followed_by_another(server: Server) -> None:
    async def scene() -> None:
        old, conversation = await written(server)
        set_token(server, old, created_at=moment(hours=25))
        async with Guest(server, token=old) as guest:
            lost = (await guest.frame("visitor"))["token"]
        async with Guest(server, token=old) as guest:
            new = (await guest.frame("visitor"))["token"]
            assert guest.conversations() == [conversation]
            assert guest.ask("conversations", token=lost)[1]["code"] == CODE
        assert len({old, lost, new}) == 3

    run(scene())


def test_a_token_lives_thirty_days_after_it_was_used_last(server: Server) -> None:
    async def scene() -> None:
        token, conversation = await written(server)
        set_token(server, token, expires_at=moment(days=-1))
        async with Guest(server, token=token) as guest:
            assert guest.conversations() == [conversation]
        query = "SELECT count(*) FROM chat_visitortoken WHERE expires_at > ?"
        assert server.rows(query, moment(days=-29))[0][0] >= 1
        set_token(server, token, expires_at=moment(seconds=1))
        async with Guest(server, token=token) as guest:
            assert (await guest.frame("error"))["code"] == CODE
            assert guest.ask("conversations", token=token)[1]["code"] == CODE

    run(scene())


ENDS: dict[str, Callable[[Server, str, str], None]] = {
    "revoked": lambda server, web_chat, token: set_token(server, token, revoked_at=moment()),
    "expired": lambda server, web_chat, token: set_token(server, token, expires_at=moment()),
    "all ended": lambda server, web_chat, token: set_web_chat(server, web_chat, generation=7),
    "paused": lambda server, web_chat, token: set_web_chat(server, web_chat, is_active=False),
    "identity enforced": lambda server, web_chat, token: set_web_chat(
        server, web_chat, identity_enforced=True
    ),
}


@pytest.mark.parametrize("how", ENDS)
def test_a_socket_whose_right_has_ended_is_closed_within_seconds(server: Server, how: str) -> None:
    """One of a visitor who has written, and one of who only looks, as far as it is about them too."""
    web_chat = server.people["bob"]["webChat"]

    async def scene() -> None:
        async with Guest(server, web_chat=web_chat) as guest, Guest(server, web_chat=web_chat) as looking:
            await guest.send("Hello. sim:tokens=1")
            async with Guest(server, web_chat=web_chat) as other:
                await other.send("Another. sim:tokens=1")
                ENDS[how](server, web_chat, guest.token)
                await guest.lost()
                assert guest.closed == 4001
                if how in ("revoked", "expired"):
                    for tab in (other, looking):
                        await tab.say("ping")
                        await tab.frame("pong")
                else:
                    await other.lost()
                    await looking.lost()
                    assert (other.closed, looking.closed) == (4001, 4001)

    try:
        run(scene())
    finally:
        set_web_chat(server, web_chat, generation=1, is_active=True, identity_enforced=False)


@pytest.mark.parametrize(
    "changes",
    [{"site": "https://other.shop.example"}, {"site": ""}, {"of": "bob"}, {"of": "charlie"}],
    ids=["another site", "the full page", "another web chat", "another organization"],
)
def test_elsewhere_the_visitor_is_somebody_new(server: Server, changes: dict[str, str]) -> None:
    async def scene() -> None:
        token, conversation = await written(server)
        web_chat = server.people[changes.get("of", "alice")]["webChat"]
        async with Guest(server, web_chat=web_chat, token=token, site=changes.get("site", SHOP)) as guest:
            assert (await guest.frame("error"))["code"] == CODE
            await guest.say("open", conversation=conversation)
            assert (await guest.frame("error", code="not_found"))["code"] == "not_found"
            await guest.send("As somebody new. sim:tokens=1")
            assert guest.token != token
            assert conversation not in guest.conversations()

    run(scene())


def test_one_visitor_reaches_nothing_of_another_over_the_socket(server: Server) -> None:
    async def scene() -> None:
        async with Guest(server) as hers, Guest(server) as his:
            message = (await hers.send("secret sim:tokens=400,rate=40"))["message"]
            reply = message["reply"]["id"]
            await his.send("mine sim:tokens=1")
            for frame in (
                {"type": "open", "conversation": message["conversation"]},
                {"type": "stop", "reply": reply},
                {"type": "retry", "message": message["id"]},
                {"type": "send", "id": str(uuid4()), "conversation": message["conversation"], "content": "x"},
                {"type": "send", "id": message["id"], "conversation": str(uuid4()), "content": "x"},
            ):
                his.frames.clear()
                await his.say(**frame)
                assert (await his.frame("error"))["code"] == "not_found"
            own = (await his.send("more sim:tokens=1"))["message"]["conversation"]
            his.frames.clear()
            await his.say("open", conversation=own, reply=reply, after=0)
            assert (await his.frame("error"))["code"] == "not_found"
            assert reply not in his.heard
            assert server.text_of(reply)[0] == "running"
            await hers.say("stop", reply=reply)
            await hers.ended(reply)

    run(scene())


def test_after_clearing_nothing_that_was_begun_before_is_shown_in_any_tab(server: Server) -> None:
    async def scene() -> None:
        async with Guest(server) as guest:
            message = (await guest.send("Old. sim:tokens=1"))["message"]
            await guest.ended(message["reply"]["id"])
            async with Guest(server, token=guest.token) as tab:
                assert guest.ask("clear", method="POST")[0] == 204
                assert guest.conversations() == []
                assert guest.ask(f"conversations/{message['conversation']}/messages")[0] == 404
                await tab.say("open", conversation=message["conversation"])
                assert (await tab.frame("error"))["code"] == "not_found"
                new = (await tab.send("New. sim:tokens=1"))["message"]["conversation"]
                assert guest.conversations() == [new]
        assert server.rows(
            "SELECT content FROM chat_message WHERE id = ?", message["id"].replace("-", "")
        ) == [("Old. sim:tokens=1",)]

    run(scene())


def test_a_first_message_whose_answer_was_lost_is_sent_again_by_the_same_visitor(server: Server) -> None:
    """The line is cut after the message was stored: the page has no ``visitor`` frame, and sends it again."""

    async def scene() -> None:
        id, conversation = str(uuid4()), str(uuid4())
        async with Guest(server) as guest:
            first = (await guest.frame("ready"))["token"]
            await guest.send("Once. sim:tokens=1", id=id, conversation=conversation)
        async with Guest(server, token=first) as again:
            message = (await again.send("Once. sim:tokens=1", id=id, conversation=conversation))["message"]
            assert message["position"] == 1
            assert again.conversations(token=first) == [conversation]
        async with Guest(server) as lost_before:
            early = (await lost_before.frame("ready"))["token"]
        async with Guest(server, token=early) as later:
            assert (await later.frame("ready"))["token"] == early
            await later.send("Only now. sim:tokens=1")
            assert len(later.conversations()) == 1

    run(scene())


def ticket(server: Server, *, web_chat: str = "", key: str = SECRET_KEY, age: float = 0, **other: str) -> str:

    with mock.patch("django.core.signing.time.time", return_value=time.time() - age):
        content = [(web_chat or server.people["alice"]["webChat"]).replace("-", ""), 1]
        return signing.dumps(content, key=key, salt=other.get("salt", TICKET))


@pytest.mark.parametrize(
    "kind", ["forged", "another key", "too old", "another purpose", "no web chat", "empty"]
)
def test_a_bad_ticket_closes_the_socket(server: Server, kind: str) -> None:
    bad = {
        "forged": "forged",
        "another key": ticket(server, key="another key"),
        "too old": ticket(server, age=TICKET_SECONDS + 1),
        "another purpose": ticket(server, salt="another purpose"),
        "no web chat": ticket(server, web_chat=str(uuid4())),
        "empty": "",
    }[kind]

    async def scene() -> None:
        alice = server.people["alice"]["session"]
        said = await Guest(server, session=alice).refused(4001, ticket=bad)
        assert [one["code"] for one in said] == ["ticket_refused"]
        async with Guest(server, ticket=ticket(server)) as guest:
            assert (await guest.frame("ready"))["principal"]["kind"] == "visitor"

    run(scene())


def test_a_new_ticket_comes_from_the_page_and_for_who_asks(server: Server) -> None:
    async def scene() -> None:
        boot = boot_of(server, server.people["alice"]["webChat"])
        async with Guest(server, ticket=boot["ticket"]) as guest:
            status, body = guest.ask("ticket", method="POST", token="")
            assert status == 200
        async with Guest(server, ticket=body["ticket"]):
            pass

    run(scene())


def test_the_cookie_of_a_member_has_no_effect_beside_a_ticket(server: Server) -> None:
    async def scene() -> None:
        async with Guest(server, session=server.people["alice"]["session"]) as guest:
            ready = await guest.frame("ready")
            assert ready["principal"]["kind"] == "visitor"
            assert ready["principal"]["id"] != server.people["alice"]["id"]
            await guest.send("Hello. sim:tokens=1")
        (owner,) = server.rows("SELECT owner_id FROM chat_conversation ORDER BY created_at DESC LIMIT 1")[0]
        assert owner is None

    run(scene())


@pytest.mark.parametrize(
    "site", ["https://a b", "no origin", "https://" + "x" * 300, "https://shop.example/path"]
)
def test_what_is_no_origin_is_no_site(server: Server, site: str) -> None:
    run(_no_site(server, site))


async def _no_site(server: Server, site: str) -> None:
    await Guest(server).refused(4003, site=site)
