"""Clients that read nothing, answer nothing or do nothing, beside people whose replies stream."""

from __future__ import annotations

import asyncio
import base64
import json
import os
import re
import socket
import struct
import time
from collections.abc import Iterator
from contextlib import AsyncExitStack, ExitStack, contextmanager
from typing import Any
from uuid import uuid4

import psutil
import pytest

from tests.harness.scale import LATE, scaled
from tests.harness.scene import run
from tests.harness.server import Server
from tests.harness.tab import Frame, Tab

pytestmark = pytest.mark.fault
MEGABYTE = 1024 * 1024
SLOW = 10
#: What may be unacknowledged, and a message that fills much of it.
WINDOW, LARGE = 256 * 1024, 30 * 1024
GOOD = scaled(100, 20)
TOKENS, RATE = 360, 20
#: What is shorter, in seconds, varies by more than twice from run to run.
NOTICED = 0.15 + LATE / 4
IDLE = scaled(500, 100)
IDLE_KILOBYTES = 40


class Deaf:
    """A client that has greeted and then says what it is told to, but never reads: it neither acknowledges
    nor answers pings."""

    def __init__(self, server: Server) -> None:
        self.server = server
        self.socket = socket.socket()
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        self.socket.connect(("127.0.0.1", server.port))
        self.port: int = self.socket.getsockname()[1]
        head = [
            "GET /ws/chat/ HTTP/1.1",
            f"Host: 127.0.0.1:{server.port}",
            "Upgrade: websocket",
            "Connection: Upgrade",
            f"Sec-WebSocket-Key: {base64.b64encode(os.urandom(16)).decode()}",
            "Sec-WebSocket-Version: 13",
            f"Origin: {server.origin}",
            f"Cookie: sessionid={server.people['alice']['session']}",
        ]
        self.socket.sendall("\r\n".join([*head, "", ""]).encode())
        assert self.socket.recv(12).endswith(b"101")
        self.say(type="hello", protocol=1)

    def say(self, **frame: Any) -> None:
        body = json.dumps(frame).encode()
        size = bytes([0x80 | len(body)]) if len(body) < 126 else b"\xfe" + len(body).to_bytes(2, "big")
        # Masked, as every client's frame is, with zeros.
        self.socket.sendall(b"\x81" + size + bytes(4) + body)

    def ask_for_more_than_it_reads(self) -> None:
        for _ in range(WINDOW // LARGE + 2):  # each comes back, and is more to read
            content = "sim:tokens=1 " + "a" * LARGE
            self.say(type="send", id=str(uuid4()), conversation=str(uuid4()), content=content)

    def reset(self) -> None:
        """End it as a crashed machine's neighbour does: with an RST instead of a goodbye."""
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.socket.close()

    def is_open(self) -> bool:
        """Whether the server still keeps the connection."""
        assert self.server.process
        kept = psutil.Process(self.server.process.pid).net_connections("tcp")
        return any(one.raddr and one.raddr.port == self.port for one in kept)


@contextmanager
def deaf_clients(server: Server, count: int) -> Iterator[list[Deaf]]:
    with ExitStack() as stack:
        clients = [Deaf(server) for _ in range(count)]
        for client in clients:
            stack.callback(client.socket.close)
        yield clients


async def until_freed(clients: list[Deaf], within: float) -> float:
    begun = time.monotonic()
    while await asyncio.to_thread(lambda: any([client.is_open() for client in clients])):
        assert time.monotonic() - begun < within, "they are still connected"
        await asyncio.sleep(0.2)
    return time.monotonic() - begun


class Watching(Tab):
    """Writes down how old each token is when it comes: the upstream stamps them."""

    def __init__(self, server: Server, name: str) -> None:
        super().__init__(server, name)
        self.lags: list[float] = []

    def _take(self, frame: Frame) -> None:
        super()._take(frame)
        if frame["type"] == "reply.delta":
            now = time.monotonic()
            self.lags += [now - float(word) for word in frame["text"].split()]


async def watch(
    server: Server, stack: AsyncExitStack, tokens: int = TOKENS
) -> tuple[list[Watching], list[str]]:
    """Good streams that have begun: the tabs and their replies."""
    tabs = [Watching(server, "bob") for _ in range(GOOD)]
    for tab in tabs:
        await stack.enter_async_context(tab)
    sent = await asyncio.gather(*(tab.send(f"sim:tokens={tokens},rate={RATE},stamp") for tab in tabs))
    return tabs, [one["message"]["reply"]["id"] for one in sent]


def p99(tabs: list[Watching]) -> float:
    lags = sorted(lag for tab in tabs for lag in tab.lags)
    return lags[int(len(lags) * 0.99)]


async def lags_of(tabs: list[Watching], tokens: int) -> float:
    """The p99 of the next so many tokens of each; what comes later is counted anew."""
    for tab in tabs:
        tab.lags.clear()
    await asyncio.gather(*(tab.wait(lambda tab=tab: len(tab.lags) >= tokens) for tab in tabs))
    found = p99(tabs)
    for tab in tabs:
        tab.lags.clear()
    return found


def open_sockets(server: Server) -> int:
    found = re.search(r"parley_sockets_open (\d+)", server.get("/metrics")[1].decode())
    assert found
    return int(found[1])


def closed_as_slow(server: Server) -> int:
    found = re.search(r'parley_sockets_closed_total{code="4008"} (\d+)', server.get("/metrics")[1].decode())
    return int(found[1]) if found else 0


async def until_counted(server: Server, count: int) -> float:
    """How long it takes until so many have been closed as slow."""
    begun = time.monotonic()
    while await asyncio.to_thread(closed_as_slow, server) < count:
        assert time.monotonic() - begun < 60, "they are not all closed"
        await asyncio.sleep(0.1)
    return time.monotonic() - begun


def test_who_reads_nothing_costs_little_and_holds_up_nobody(server: Server) -> None:
    async def scene() -> None:
        async with AsyncExitStack() as stack:
            tabs, replies = await watch(server, stack)
            await lags_of(tabs, 20)  # the first replies of a process load what later ones use
            undisturbed = await lags_of(tabs, 40)
            grown, closed = server.memory_from_now(), closed_as_slow(server)
            clients = await asyncio.to_thread(stack.enter_context, deaf_clients(server, SLOW))
            for client in clients:
                await asyncio.to_thread(client.ask_for_more_than_it_reads)
            seconds = await until_counted(server, closed + SLOW)
            await until_freed(clients, within=60)
            each, disturbed = grown() / SLOW / MEGABYTE, p99(tabs)
            statuses = {(await tab.ended(reply)).status for tab, reply in zip(tabs, replies, strict=True)}
            assert statuses == {"complete"}
            print(
                f"{SLOW} clients that read nothing beside {GOOD} streams: {each:.1f} MB each, closed "
                f"after {seconds:.1f} s; p99 of the others' tokens {disturbed * 1000:.0f} ms, before them "
                f"{undisturbed * 1000:.0f} ms"
            )
            assert closed_as_slow(server) - closed == SLOW
            # The server's own patience is ten seconds (docs/socket.md), from when there is no room any more:
            # what fills it has to be stored and told first, which takes a slow machine some seconds.
            assert seconds <= 12 + 8 * LATE
            assert each <= 5
            # Twice as long as before them would be, on a machine with nothing else to do, some milliseconds.
            assert disturbed <= max(2 * undisturbed, NOTICED)
            assert disturbed <= 0.25 + LATE / 2

    run(scene())


def test_a_locked_database_delays_no_token_of_others(server: Server) -> None:
    async def scene() -> None:
        async with AsyncExitStack() as stack:
            tabs, replies = await watch(server, stack, tokens=6 * RATE)
            sender = await stack.enter_async_context(Tab(server, "alice"))
            await asyncio.sleep(1)
            locked = server.database.locked()
            await asyncio.to_thread(locked.__enter__)
            for tab in tabs:
                tab.lags.clear()
            waiting = asyncio.create_task(sender.send("sim:tokens=1"))
            await asyncio.sleep(3)
            assert not waiting.done()
            undisturbed = p99(tabs)
            await asyncio.to_thread(locked.__exit__, None, None, None)
            await waiting
            statuses = {(await tab.ended(reply)).status for tab, reply in zip(tabs, replies, strict=True)}
            assert statuses == {"complete"}
            print(f"database locked for 3 s: p99 of the tokens of {GOOD} streams {undisturbed * 1000:.0f} ms")
            assert undisturbed <= 0.25 + LATE / 2

    run(scene())


def test_idle_sockets_cost_little_and_answer(server: Server) -> None:
    async def scene() -> None:
        async with AsyncExitStack() as stack:
            tabs = [Tab(server, "alice") for _ in range(2 * IDLE)]
            before = 0
            for first in range(0, len(tabs), 50):
                if first == IDLE:
                    before = server.memory  # the first half has made what all share
                await asyncio.gather(*(stack.enter_async_context(one) for one in tabs[first : first + 50]))
            each = (server.memory - before) / IDLE / 1024
            begun = time.monotonic()
            for one in tabs:
                await one.say("ping")
            await asyncio.gather(*(one.frame("pong") for one in tabs))
            seconds = time.monotonic() - begun
            print(f"{2 * IDLE} idle sockets: {each:.0f} KB each; all answered a ping within {seconds:.1f} s")
            assert each <= IDLE_KILOBYTES

    run(scene())


def test_connections_that_are_reset_are_forgotten_without_a_word(server: Server) -> None:
    async def scene() -> None:
        async with Tab(server, "alice") as tab:
            sent = await tab.send("sim:tokens=800,rate=20")
            conversation, reply = sent["message"]["conversation"], sent["message"]["reply"]["id"]
            before = open_sockets(server)
            with deaf_clients(server, SLOW) as clients:
                for client in clients:
                    client.say(type="open", conversation=conversation, reply=reply, after=0)
                await asyncio.sleep(1)
                assert open_sockets(server) == before + SLOW
                begun = time.monotonic()
                for client in clients:
                    client.say(type="ping")  # what came before the reset is read first
                    client.reset()
                while open_sockets(server) > before:
                    assert time.monotonic() - begun < 5 + LATE, f"{open_sockets(server) - before} are left"
                    await asyncio.sleep(0.1)
                forgotten = time.monotonic() - begun
            print(f"{SLOW} connections that were reset: forgotten after {forgotten:.1f} s")
            await tab.say("stop", reply=reply)
            await tab.ended(reply)
        assert "Traceback" not in server.log

    run(scene())


@pytest.mark.skipif(scaled(0, 1) == 1, reason="takes a minute: only with the full numbers")
def test_a_client_that_stands_still_is_let_go_within_a_minute(server: Server) -> None:
    async def scene() -> None:
        with deaf_clients(server, 1) as clients:
            assert clients[0].is_open()
            seconds = await until_freed(clients, within=60)
            print(f"a client that stands still was let go after {seconds:.0f} s")

    run(scene())
