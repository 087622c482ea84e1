"""Connections that are cut at random moments: nothing is missing, nothing comes twice."""

from __future__ import annotations

import asyncio
import random

import pytest

from tests.harness.scale import scaled
from tests.harness.server import Server
from tests.harness.tab import Heard, Tab
from tests.simulator.text import expected_text

pytestmark = pytest.mark.fault
CUTS = scaled(200, 60)
CUTS_PER_REPLY = 10


async def read_with_cuts(server: Server, seed: int, cuts: int) -> tuple[str, Heard, int]:
    """One reply, during which the connection is lost ``cuts`` times. Returns how often it really was."""
    choose, heard, done = random.Random(seed), dict[str, Heard](), 0
    tab = Tab(server, "alice", heard=heard)
    await tab.connect()
    sent = await tab.send(f"sim:tokens=600,rate=60,seed={seed}")
    reply, conversation = sent["message"]["reply"]["id"], sent["message"]["conversation"]
    while True:
        known = heard.setdefault(reply, Heard())
        if known.status:
            break
        if done < cuts:
            goal = len(known.text) + choose.randrange(1, 60)
            await tab.wait(lambda known=known, goal=goal: known.status or len(known.text) >= goal)
            if known.status:
                break
            tab.cut()
            done += 1
            tab = Tab(server, "alice", heard=heard)
            await tab.connect()
            await tab.say("open", conversation=conversation, reply=reply, after=known.seq)
        else:
            await tab.ended(reply)
    await tab.close()
    return reply, heard[reply], done


def test_random_cuts_lose_and_double_no_character(server: Server) -> None:
    async def scene() -> None:
        replies = CUTS // CUTS_PER_REPLY
        results = await asyncio.gather(
            *(read_with_cuts(server, seed, CUTS_PER_REPLY) for seed in range(replies))
        )
        wrong = [
            reply
            for seed, (reply, heard, _) in enumerate(results)
            if not heard.text == expected_text(600, seed) == server.text_of(reply)[1]
            or heard.length != len(heard.text)
        ]
        assert wrong == []
        cut = sum(done for _, _, done in results)
        assert cut >= CUTS * 0.9, f"only {cut} cuts happened"
        print(f"{cut} cuts over {replies} replies: 0 wrong characters")

    asyncio.run(scene())
