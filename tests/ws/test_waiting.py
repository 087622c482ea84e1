"""A busy model is asked again after a pause, and whoever waits is told of it."""

from __future__ import annotations

import asyncio
import time
from uuid import uuid4

from tests.harness.server import Server
from tests.harness.tab import Tab
from tests.simulator.text import expected_text


def test_a_pause_before_another_try_is_told_also_to_whoever_comes_later(server: Server) -> None:
    async def scene() -> None:
        async with Tab(server, "alice") as tab, Tab(server, "alice") as late:
            sent = await tab.send(f"{uuid4()} sim:429,times=1,retry_after=4,tokens=20,seed=71")
            conversation, reply = sent["message"]["conversation"], sent["message"]["reply"]["id"]
            told = await tab.frame("reply.waiting", reply=reply)
            begun = time.monotonic()
            assert told["code"] == "upstream_busy"
            assert 3 < told["seconds"] <= 4
            await asyncio.sleep(1)
            await late.say("open", conversation=conversation, reply=reply, after=0)
            again = await late.frame("reply.waiting", reply=reply)
            assert again["seq"] == told["seq"]
            assert again["seconds"] < told["seconds"] - 0.5
            for one in (tab, late):
                heard = await one.ended(reply)
                assert (heard.status, heard.text) == ("complete", expected_text(20, 71))
            assert time.monotonic() - begun > 3
            assert server.text_of(reply) == ("complete", expected_text(20, 71))

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
            assert time.monotonic() - asked < 3

    asyncio.run(scene())
