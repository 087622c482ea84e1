"""Connections that are cut at random moments: nothing is missing, nothing comes twice."""

from __future__ import annotations

import asyncio
import random
import socket
import struct

import pytest

from tests.harness.errors import no_errors
from tests.harness.scale import scaled
from tests.harness.server import Server
from tests.harness.tab import Heard, Tab
from tests.simulator.text import expected_text

pytestmark = pytest.mark.fault
REPLIES, AT_ONCE = scaled(500, 6), 50
#: A reply may be over before its last cuts: of each more are planned than have to happen.
CUTS, PLANNED = REPLIES * scaled(2, 10), scaled(3, 15)


async def read_with_cuts(servers: list[Server], seed: int, cuts: int) -> tuple[str, Heard, int]:
    """One reply, during which the connection is lost ``cuts`` times, each time to go on at the next server.
    Returns how often it really was."""
    choose, heard, done = random.Random(seed), dict[str, Heard](), 0
    tab = Tab(servers[seed % len(servers)], "alice", heard=heard)
    await tab.connect()
    sent = await tab.send(f"sim:tokens=600,rate=60,seed={seed}")
    reply, conversation = sent["message"]["reply"]["id"], sent["message"]["conversation"]
    while True:
        known = heard.setdefault(reply, Heard())
        if known.status:
            break
        if done < cuts:
            goal = len(known.text) + choose.randrange(1, 60 * 20 // cuts)
            await tab.wait(lambda known=known, goal=goal: known.status or len(known.text) >= goal)
            if known.status:
                break
            tab.cut()
            await tab.lost()
            done += 1
            tab = Tab(servers[(seed + done) % len(servers)], "alice", heard=heard)
            await tab.connect()
            await tab.say("open", conversation=conversation, reply=reply, after=known.seq)
        else:
            await tab.ended(reply)
    await tab.close()
    return reply, heard[reply], done


def test_random_cuts_lose_and_double_no_character(servers: list[Server]) -> None:
    async def scene() -> None:
        results: list[tuple[str, Heard, int]] = []
        for first in range(0, REPLIES, AT_ONCE):
            seeds = range(first, min(first + AT_ONCE, REPLIES))
            results += await asyncio.gather(*(read_with_cuts(servers, seed, PLANNED) for seed in seeds))
        wrong = [
            reply
            for seed, (reply, heard, _) in enumerate(results)
            if not heard.text == expected_text(600, seed) == servers[0].text_of(reply)[1]
            or heard.length != len(heard.text)
        ]
        assert wrong == []
        cut = sum(done for _, _, done in results)
        assert cut >= CUTS, f"only {cut} cuts happened"
        print(f"{cut} cuts over {REPLIES} replies and {len(servers)} processes: 0 wrong characters")

    with no_errors(servers):
        asyncio.run(scene())


def test_connections_that_are_reset_leave_no_error_and_no_socket(server: Server) -> None:
    async def read_a_little(seed: int) -> None:
        tab = Tab(server, "alice")
        await tab.connect()
        sent = await tab.send(f"sim:tokens=2000,rate=200,seed={seed}")
        reply = sent["message"]["reply"]["id"]
        await tab.wait(lambda: reply in tab.heard and len(tab.heard[reply].text) > 50 * (seed % 7))
        raw = tab.socket.transport.get_extra_info("socket")
        raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        tab.cut()

    async def scene() -> None:
        await asyncio.gather(*(read_a_little(seed) for seed in range(30)))
        async with asyncio.timeout(10):
            while await asyncio.to_thread(any_open, server):  # noqa: ASYNC110 (the server tells nobody)
                await asyncio.sleep(0.1)

    with no_errors([server]):
        asyncio.run(scene())


def any_open(server: Server) -> bool:
    return b"parley_sockets_open 0.0" not in server.get("/metrics")[1]
