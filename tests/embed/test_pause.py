"""The switch of a web chat: what is open is closed, what is being answered stops, and nothing comes back."""

from __future__ import annotations

import asyncio
import urllib.parse
import urllib.request
from collections.abc import Iterator
from contextlib import suppress
from typing import Any
from uuid import UUID, uuid4

import pytest
from websockets.exceptions import ConnectionClosed

from tests.harness.guest import Guest, ask_as, boot_of, set_web_chat
from tests.harness.scene import run
from tests.harness.server import Server
from tests.harness.tab import matches
from tests.services import wait_until


def press(server: Server, button: str) -> str:
    """As alice does on the admin's page of her web chat; returns the page that follows."""
    page = f"{server.origin}/admin/chat/webchat/{server.people['alice']['webChat']}/embedding/"
    csrf = "c" * 32
    form = urllib.parse.urlencode({"press": button, "csrfmiddlewaretoken": csrf}).encode()
    cookies = f"sessionid={server.people['alice']['session']}; csrftoken={csrf}"
    with urllib.request.urlopen(
        urllib.request.Request(page, form, {"Cookie": cookies}), timeout=20
    ) as answer:
        return answer.read().decode()


async def refused(guest: Guest, **fields: Any) -> None:
    """It was told so, or was closed already: who may still be here is looked at every five seconds."""

    def told() -> Any:
        return next((one for one in guest.frames if matches(one, "error", fields)), guest.closed)

    found = await guest.wait(told)
    assert found == 4001 or found["code"] == "ticket_refused", found


async def say(guest: Guest, type: str, **fields: Any) -> None:
    """The same for what it says."""
    with suppress(ConnectionClosed):
        await guest.say(type, **fields)


@pytest.fixture(autouse=True)
def _open_again(server: Server) -> Iterator[None]:
    yield
    set_web_chat(server, server.people["alice"]["webChat"], is_active=True)


def test_a_pause_closes_open_pages_stops_replies_and_ends_tickets_and_tokens(server: Server) -> None:
    async def scene() -> None:
        web_chat = server.people["alice"]["webChat"]
        ticket = boot_of(server, web_chat)["ticket"]
        async with Guest(server) as guest, Guest(server) as onlooker:
            reply = (await guest.send("sim:tokens=2000,rate=20"))["message"]["reply"]["id"]
            await asyncio.to_thread(press, server, "pause")
            await guest.lost()
            await onlooker.lost()
            await asyncio.to_thread(wait_until, lambda: server.text_of(reply)[0] == "stopped")
        status, page = server.get(f"/web-chats/{web_chat}")
        assert status == 200
        assert b'id="boot"' not in page
        assert ask_as(server, f"/web-chats/{web_chat}/ticket", token="", method="POST")[0] == 404
        await asyncio.to_thread(press, server, "resume")
        await Guest(server).refused(4001, ticket=ticket)
        async with Guest(server, token=guest.token) as again:
            assert (await again.frame("error"))["code"] == "token_refused"
            await again.ended((await again.send("sim:tokens=1"))["message"]["reply"]["id"])

    run(scene())


def test_a_page_whose_chatbot_is_taken_away_is_closed_as_by_a_pause(server: Server) -> None:
    def switch(on: bool) -> None:
        query = "UPDATE chat_chatbot SET is_active = ? WHERE id = ?"
        assert server.execute(query, on, UUID(server.people["alice"]["chatbot"]).hex) == 1

    async def scene() -> None:
        async with Guest(server) as guest:
            sent = (await guest.send("sim:tokens=1"))["message"]
            await guest.ended(sent["reply"]["id"])
            count = "SELECT count(*) FROM chat_message"
            before = server.rows(count)
            switch(False)
            ids = [str(uuid4()), str(uuid4())]
            for id, conversation in zip(ids, (sent["conversation"], str(uuid4())), strict=True):
                await say(guest, "send", id=id, conversation=conversation, content="Hello?")
            await say(guest, "retry", message=sent["id"])
            for ref in (*ids, sent["id"]):
                await refused(guest, ref=ref)
            assert server.rows(count) == before
            await guest.lost()
            assert guest.closed == 4001

    try:
        run(scene())
    finally:
        switch(True)


def test_a_message_or_a_retry_that_comes_after_the_pause_on_an_open_page_is_refused(server: Server) -> None:
    async def scene() -> None:
        async with Guest(server) as guest:
            sent = (await guest.send("sim:tokens=1"))["message"]
            await guest.ended(sent["reply"]["id"])
            before = server.rows("SELECT count(*) FROM chat_reply")
            await asyncio.to_thread(press, server, "end")
            await say(guest, "retry", message=sent["id"])
            await refused(guest)
            assert server.rows("SELECT count(*) FROM chat_reply") == before

    run(scene())
