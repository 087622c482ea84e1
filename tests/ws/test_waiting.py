"""A busy model is asked again after a pause, and whoever waits is told of it."""

from __future__ import annotations

import asyncio
import time
from typing import Any
from uuid import UUID, uuid4

import requests

from tests.harness.scale import LATE
from tests.harness.server import Server
from tests.harness.tab import Tab
from tests.services import wait_until
from tests.simulator.text import expected_text


def test_a_pause_before_another_try_is_told_also_to_whoever_comes_later(server: Server) -> None:
    async def scene() -> None:
        async with Tab(server, "alice") as tab, Tab(server, "alice") as late:
            begun = time.monotonic()
            sent = await tab.send(f"{uuid4()} sim:429,times=1,retry_after=4,tokens=20,seed=71")
            conversation, reply = sent["message"]["conversation"], sent["message"]["reply"]["id"]
            told = await tab.frame("reply.waiting", reply=reply)
            assert told["code"] == "upstream_busy"
            assert 0 < told["seconds"] <= 4
            await asyncio.sleep(1)
            await late.say("open", conversation=conversation, reply=reply, after=0)
            again = await late.frame("reply.waiting", reply=reply)
            assert again["seq"] == told["seq"]
            assert again["seconds"] < told["seconds"] - 0.5
            for one in (tab, late):
                heard = await one.ended(reply)
                assert (heard.status, heard.text) == ("complete", expected_text(20, 71))
            assert time.monotonic() - begun > 4
            assert server.text_of(reply) == ("complete", expected_text(20, 71))

    asyncio.run(scene())


def listed(server: Server, conversation: str) -> dict[str, Any]:
    """The reply of the conversation's newest message, as a page that is loaded now reads it."""
    session = {"sessionid": server.people["alice"]["session"]}
    path = f"{server.origin}/chat/conversations/{conversation}/messages"
    found: dict[str, Any] = requests.get(path, cookies=session, timeout=10).json()["results"][0]["reply"]
    return found


def test_a_page_that_is_loaded_during_a_pause_reads_of_it(server: Server) -> None:
    async def scene() -> None:
        async with Tab(server, "alice") as tab:
            sent = await tab.send(f"{uuid4()} sim:429,retry_after=45,seed=73")
            conversation, reply = sent["message"]["conversation"], sent["message"]["reply"]["id"]
            told = await tab.frame("reply.waiting", reply=reply)
            assert 30 < told["seconds"] <= 45
            await asyncio.to_thread(wait_until, lambda: listed(server, conversation)["waiting"])
            waiting = (await asyncio.to_thread(listed, server, conversation))["waiting"]
            assert waiting["code"] == "upstream_busy"
            assert 30 < waiting["seconds"] <= told["seconds"]
            await tab.say("stop", reply=reply)
            assert (await tab.ended(reply)).status == "stopped"
            assert (await asyncio.to_thread(listed, server, conversation))["waiting"] is None
            query = "SELECT retry_at, error_code FROM chat_reply WHERE id = ?"
            assert server.rows(query, UUID(reply).hex) == [(None, "")]

    asyncio.run(scene())


def test_a_pause_too_long_to_wait_for_ends_the_reply_and_says_how_long(server: Server) -> None:
    async def scene() -> None:
        async with Tab(server, "alice") as tab:
            sent = await tab.send(f"{uuid4()} sim:429,retry_after=3600,seed=74")
            ended = await tab.frame("reply.ended", reply=sent["message"]["reply"]["id"])
            assert (ended["status"], ended["error"]["code"]) == ("failed", "upstream_busy")
            assert 3500 < ended["error"]["retryAfter"] <= 3600
            later = await asyncio.to_thread(listed, server, sent["message"]["conversation"])
            assert later["waiting"] is None
            assert 3500 < later["error"]["retryAfter"] <= ended["error"]["retryAfter"]

    asyncio.run(scene())


def test_a_pause_too_short_to_read_of_is_not_told(server: Server) -> None:
    async def scene() -> None:
        async with Tab(server, "alice") as tab:
            sent = await tab.send(f"{uuid4()} sim:503,times=1,tokens=3")
            assert (await tab.ended(sent["message"]["reply"]["id"])).status == "complete"
            assert all(frame["type"] != "reply.waiting" for frame in tab.frames)

    asyncio.run(scene())


def test_a_pause_ends_at_once_when_the_reply_is_stopped(server: Server) -> None:
    async def scene() -> None:
        async with Tab(server, "alice") as tab:
            sent = await tab.send("sim:429,retry_after=25,seed=72")
            reply = sent["message"]["reply"]["id"]
            await tab.frame("reply.waiting", reply=reply)
            asked = time.monotonic()
            await tab.say("stop", reply=reply)
            assert (await tab.ended(reply)).status == "stopped"
            assert time.monotonic() - asked < 3 + LATE

    asyncio.run(scene())
