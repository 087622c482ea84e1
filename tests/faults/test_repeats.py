"""The same thing asked many times at once, over several sockets, through one process and through two."""

from __future__ import annotations

import asyncio
from contextlib import AsyncExitStack
from itertools import cycle, islice
from uuid import uuid4

import pytest

from tests.harness.errors import no_errors
from tests.harness.scale import scaled
from tests.harness.scene import run
from tests.harness.server import Server
from tests.harness.tab import Frame, Tab

pytestmark = pytest.mark.fault
ROUNDS = scaled(50, 5)
AT_ONCE = 20
SENDS = scaled(100, 20)
CUTS = 20


async def tabs_on(servers: list[Server], count: int, stack: AsyncExitStack) -> list[Tab]:
    return [await stack.enter_async_context(Tab(server, "alice")) for server in islice(cycle(servers), count)]


def results(tab: Tab, ref: str) -> list[Frame]:
    return [one for one in tab.frames if one["type"] == "message" and one.get("ref") == ref]


def test_a_message_sent_twenty_times_at_once_is_stored_and_answered_once(servers: list[Server]) -> None:
    async def sent_at_once(tabs: list[Tab]) -> None:
        id, conversation = str(uuid4()), str(uuid4())
        await asyncio.gather(
            *(
                # A repeat with another content is a repeat all the same: the first one counts.
                tab.say("send", id=id, conversation=conversation, content=f"sim:tokens=1 {number}")
                for number, tab in enumerate(islice(cycle(tabs), AT_ONCE))
            )
        )
        share = AT_ONCE // len(tabs)
        for tab in tabs:
            await tab.wait(lambda tab=tab: len(results(tab, id)) == share, within=30)
        told = [frame["message"] for tab in tabs for frame in results(tab, id)]
        same = {(one["id"], one["content"], one["createdAt"], one["reply"]["id"]) for one in told}
        assert len(same) == 1
        key = conversation.replace("-", "")
        messages = "SELECT type, count(*) FROM chat_message WHERE conversation_id = ? GROUP BY type"
        assert dict(servers[0].rows(messages, key)) == {"incoming": 1, "outgoing": 1}
        replies = "SELECT count(*) FROM chat_reply WHERE conversation_id = ?"
        assert servers[0].rows(replies, key) == [(1,)]

    async def scene() -> None:
        async with AsyncExitStack() as stack:
            tabs = await tabs_on(servers, 4, stack)
            for _ in range(ROUNDS):
                await sent_at_once(tabs)
            assert not any(frame["type"] == "error" for tab in tabs for frame in tab.frames)

    with no_errors(servers):
        run(scene())
    print(f"{AT_ONCE} sends at once x {ROUNDS} over {len(servers)} processes: {ROUNDS} messages and replies")


def test_retry_pressed_at_once_in_two_tabs_makes_one_new_attempt(servers: list[Server]) -> None:
    async def pressed(tabs: list[Tab]) -> None:
        first = f"retry-{uuid4()} sim:tokens=30,rate=60,fault=cut_close,after=5,times=1"
        sent = (await tabs[0].send(first))["message"]
        await tabs[1].say("open", conversation=sent["conversation"])
        assert (await tabs[0].ended(sent["reply"]["id"])).status == "failed"
        await asyncio.gather(*(tab.say("retry", message=sent["id"]) for tab in tabs))
        told = [
            await tab.wait(
                lambda tab=tab: next(
                    (
                        one["message"]["reply"]
                        for one in tab.frames
                        if one["type"] == "message"
                        and one["message"]["id"] == sent["id"]
                        and one["message"]["reply"]["attempt"] > 1
                    ),
                    None,
                )
            )
            for tab in tabs
        ]
        assert [one["attempt"] for one in told] == [2, 2]
        attempts = "SELECT attempt FROM chat_reply WHERE incoming_id = ? ORDER BY attempt"
        assert servers[0].rows(attempts, sent["id"].replace("-", "")) == [(1,), (2,)]

    async def scene() -> None:
        async with AsyncExitStack() as stack:
            tabs = await tabs_on(servers, 2, stack)
            for _ in range(ROUNDS):
                await pressed(tabs)

    with no_errors(servers):
        run(scene())


def test_two_tabs_that_send_at_once_know_one_order_and_one_text(servers: list[Server]) -> None:
    each = SENDS // 2

    async def send_all(tab: Tab, conversation: str, name: str) -> None:
        for number in range(each):
            await tab.send(f"{name} {number} sim:tokens=3,seed={number}", conversation=conversation)

    async def send_all_with_cuts(server: Server, conversation: str) -> list[Frame]:
        frames: list[Frame] = []
        at_once = max(1, each // CUTS)
        for number in range(0, each, at_once):
            tab = Tab(server, "alice")
            await tab.connect()
            await tab.say("open", conversation=conversation)
            for one in range(number, number + at_once):
                await tab.send(f"lossy {one} sim:tokens=3,seed={one}", conversation=conversation)
            tab.cut()
            await tab.lost()
            frames += tab.frames
        return frames

    def messages(frames: list[Frame]) -> dict[str, tuple[int, str]]:
        told = [frame["message"] for frame in frames if frame["type"] == "message"]
        return {one["id"].replace("-", ""): (one["position"], one["content"]) for one in told}

    async def scene() -> None:
        async with Tab(servers[0], "alice") as steady:
            first = (await steady.send("sim:tokens=1"))["message"]
            conversation = first["conversation"]
            await steady.ended(first["reply"]["id"])
            frames, _ = await asyncio.gather(
                send_all_with_cuts(servers[-1], conversation), send_all(steady, conversation, "steady")
            )
            query = "SELECT id, position, content FROM chat_message WHERE conversation_id = ? AND type = ?"
            rows = servers[0].rows(query, conversation.replace("-", ""), "incoming")
            stored = {id: (position, content) for id, position, content in rows}
            assert len({position for position, _ in stored.values()}) == len(stored)
            await steady.wait(lambda: len(messages(steady.frames)) == len(stored), within=30)
            assert messages(steady.frames) == stored
            assert messages(frames).items() <= stored.items()
            assert len([content for _, content in stored.values() if content.startswith("lossy")]) >= each
            for frame in [one for one in steady.frames if one["type"] == "message"]:
                reply = frame["message"]["reply"]["id"]
                heard = await steady.ended(reply, within=60)
                assert (heard.status, heard.text) == servers[0].text_of(reply)

    with no_errors(servers):
        run(scene())
