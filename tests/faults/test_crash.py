"""``kill -9`` of the server during running replies, and a restart on the same data."""

from __future__ import annotations

import asyncio
import time
from pathlib import Path
from uuid import uuid4

import pytest

from tests.harness.scale import LATE, scaled
from tests.harness.server import Server
from tests.harness.tab import Tab
from tests.simulator.process import SimulatorProcess
from tests.simulator.text import expected_text

pytestmark = pytest.mark.fault
REPLIES = scaled(40, 40)
ROUNDS = scaled(5, 1)
SHOWN_WITHIN = 6.0 + LATE
RATE = 20


async def begin(server: Server, count: int) -> tuple[list[Tab], list[tuple[str, str, str]]]:
    """Running replies, each in a tab and a conversation of its own: message, conversation and reply ids."""
    tabs = [Tab(server, "alice") for _ in range(count)]
    await asyncio.gather(*(tab.connect() for tab in tabs))
    ids = []
    for number, tab in enumerate(tabs):
        message, conversation = str(uuid4()), str(uuid4())
        sent = await tab.send(
            f"sim:tokens=400,rate={RATE},seed={number}", id=message, conversation=conversation
        )
        ids.append((message, conversation, sent["message"]["reply"]["id"]))
    return tabs, ids


@pytest.mark.parametrize("round", range(ROUNDS))
def test_kill_9_loses_no_message_and_ends_every_reply(
    simulator: SimulatorProcess, tmp_path: Path, round: int
) -> None:
    async def before(server: Server) -> tuple[list[tuple[str, str, str]], dict[str, str]]:
        tabs, ids = await begin(server, REPLIES)
        await asyncio.gather(
            *(
                tab.wait(
                    lambda tab=tab, reply=reply: (
                        len(tab.heard[reply].text) > 40 + 60 * round if reply in tab.heard else None
                    ),
                    within=30,
                )
                for tab, (_, _, reply) in zip(tabs, ids, strict=True)
            )
        )
        server.kill()
        seen = {reply: tab.heard[reply].text for tab, (_, _, reply) in zip(tabs, ids, strict=True)}
        await asyncio.gather(*(tab.close() for tab in tabs), return_exceptions=True)
        return ids, seen

    async def after(server: Server, ids: list[tuple[str, str, str]], started_at: float) -> dict[str, float]:
        """Come back as pages do, and see each reply's end: how long after the start."""
        shown = {}

        async def come_back(conversation: str, reply: str) -> None:
            async with Tab(server, "alice") as tab:
                await tab.say("open", conversation=conversation, reply=reply, after=0)
                await tab.ended(reply)
                shown[reply] = time.monotonic() - started_at

        await asyncio.gather(*(come_back(conversation, reply) for _, conversation, reply in ids))
        return shown

    with Server(tmp_path / "data", simulator.url) as server:
        ids, seen = asyncio.run(before(server))
        server.start()
        shown = asyncio.run(after(server, ids, time.monotonic()))
        stored = server.rows("SELECT id FROM chat_message WHERE type = 'incoming'")
        assert sorted(id for (id,) in stored) == sorted(message.replace("-", "") for message, _, _ in ids)
        for number, (_, _, reply) in enumerate(ids):
            state, text = server.text_of(reply)
            assert state in ("complete", "interrupted")
            assert expected_text(400, number).startswith(text)
            lost = seen[reply][len(text) :]
            # A second of tokens, and what was on its way when the server died.
            assert len(lost) <= (RATE + 5) * 8, f"{len(lost)} characters were shown and not kept"
            if state == "interrupted":
                content = server.rows(
                    "SELECT m.content FROM chat_message m JOIN chat_reply r ON r.outgoing_id = m.id "
                    "WHERE r.id = ?",
                    reply.replace("-", ""),
                )
                assert content == [(text,)]
        assert max(shown.values()) < SHOWN_WITHIN
        print(f"{len(ids)} replies after kill -9: all ended, shown within {max(shown.values()):.1f} s")


def test_waiting_messages_are_answered_after_a_crash(simulator: SimulatorProcess, tmp_path: Path) -> None:
    async def before(server: Server) -> tuple[str, str]:
        tab = Tab(server, "alice")
        await tab.connect()
        one = await tab.send("sim:tokens=400,rate=20")
        conversation = one["message"]["conversation"]
        two = await tab.send("sim:tokens=10,seed=2", conversation=conversation)
        server.kill()
        await asyncio.gather(tab.close(), return_exceptions=True)
        return conversation, two["message"]["reply"]["id"]

    async def after(server: Server, conversation: str, reply: str) -> str:
        async with Tab(server, "alice") as tab:
            await tab.say("open", conversation=conversation, reply=reply, after=0)
            return (await tab.ended(reply)).text

    with Server(tmp_path / "data", simulator.url) as server:
        conversation, reply = asyncio.run(before(server))
        server.start()
        assert asyncio.run(after(server, conversation, reply)) == expected_text(10, 2)
