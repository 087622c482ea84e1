"""Who may open the socket, and what a slow, a flooding or a malformed client meets."""

from __future__ import annotations

import asyncio
import json
import time
from contextlib import suppress
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed, InvalidStatus

from tests.harness.scale import LATE
from tests.harness.scene import run
from tests.harness.server import SECRET_KEY, Server
from tests.harness.tab import Tab
from tests.simulator.text import expected_text

MEGABYTE = 1024 * 1024


ORIGINS = {
    "{origin}": True,
    "http://localhost:{port}": True,
    "HTTP://LOCALHOST:{port}": True,
    "https://127.0.0.1:{port}": False,
    "http://127.0.0.1": False,
    "http://127.0.0.1:1": False,
    "http://localhost.evil.example:{port}": False,
    "http://localhost@evil.example:{port}": False,
    "http://evil.example": False,
    "null": False,
    "file://": False,
    "": False,
    None: False,
}


@pytest.mark.parametrize("origin", ORIGINS)
def test_only_our_own_origins_may_open_the_socket(server: Server, origin: str | None) -> None:
    async def scene() -> None:
        given = origin.format(origin=server.origin, port=server.port) if origin is not None else None
        session = server.people["alice"]["session"]
        try:
            async with connect(
                f"ws://127.0.0.1:{server.port}/ws/chat/",
                origin=given,  # type: ignore[arg-type]
                additional_headers={"Cookie": f"sessionid={session}"},
            ):
                status = 101
        except InvalidStatus as refused:
            status = refused.response.status_code
        assert status in ((101,) if ORIGINS[origin] else (400, 403))

    run(scene())


@pytest.mark.parametrize("path", ["/", "/ws/chat", "/ws/other/", "/admin/"])
def test_there_is_no_socket_elsewhere_and_no_error_to_tell_of(server: Server, path: str) -> None:
    async def scene() -> None:
        with pytest.raises(InvalidStatus) as refused:
            await connect(f"ws://127.0.0.1:{server.port}{path}", origin=server.origin)  # type: ignore[arg-type]
        assert refused.value.response.status_code == 403
        assert "Traceback" not in server.log

    run(scene())


@pytest.mark.parametrize(
    "cookie", ["", "sessionid=", "sessionid=nobody", "sessionid=; other", "a=b; sessionid=nobody"]
)
def test_nobody_without_a_session_is_greeted(server: Server, cookie: str) -> None:
    async def scene() -> None:
        async with connect(
            f"ws://127.0.0.1:{server.port}/ws/chat/",
            origin=server.origin,  # type: ignore[arg-type]
            additional_headers={"Cookie": cookie},
        ) as socket:
            await socket.send(json.dumps({"type": "hello", "protocol": 1}))
            with pytest.raises(ConnectionClosed):
                await socket.recv()
            assert socket.close_code == 4001

    run(scene())


@pytest.mark.parametrize(
    "first",
    [
        {"type": "hello", "protocol": 2},
        {"type": "open", "conversation": str(uuid4())},
        {"type": "send", "id": str(uuid4()), "conversation": str(uuid4()), "content": "hi"},
        {"type": "hello", "protocol": 1, "token": "a token without a ticket"},
    ],
    ids=["newer protocol", "open first", "send first", "token without a ticket"],
)
def test_a_socket_that_does_not_greet_rightly_is_closed(server: Server, first: dict[str, Any]) -> None:
    async def scene() -> None:
        tab = Tab(server, "alice")
        await tab.connect(hello=False)
        await tab.socket.send(json.dumps(first))
        await asyncio.wait_for(tab.socket.wait_closed(), 5 + LATE)
        assert tab.socket.close_code == 4003

    run(scene())


def test_a_silent_socket_is_closed_after_five_seconds(server: Server) -> None:
    async def scene() -> None:
        tab = Tab(server, "alice")
        began = time.monotonic()
        await tab.connect(hello=False)
        await asyncio.wait_for(tab.socket.wait_closed(), 8 + LATE)
        assert tab.socket.close_code == 4003
        assert time.monotonic() - began > 4

    run(scene())


ID = str(uuid4())


def send_with_metadata(value: str) -> str:
    head = f'"type": "send", "id": "{uuid4()}", "conversation": "{uuid4()}", "content": "hi"'
    return f'{{{head}, "queryMetadata": {{"a": {value}}}}}'


BAD_FRAMES = [
    "",
    "{",
    "[]",
    "null",
    "7",
    '"hello"',
    "{}",
    '{"type": 7}',
    '{"type": "unknown"}',
    '{"type": "__class__"}',
    '{"type": "send"}',
    send_with_metadata("[" * 300 + "]" * 300),
    send_with_metadata(r'"\u0000"'),
    '{"type": "send", "id": "x", "conversation": "y", "content": "z"}',
    '{"type": "open", "conversation": null}',
    f'{{"type": "open", "conversation": "{ID}", "after": -1}}',
    f'{{"type": "open", "conversation": "{ID}", "after": 1e400}}',
    f'{{"type": "open", "conversation": "{ID}", "after": true}}',
    f'{{"type": "send", "id": "{ID}", "conversation": "{ID}", "content": 7}}',
    f'{{"type": "send", "id": "{ID}", "conversation": "{ID}", "content": "\\ud800"}}',
    f'{{"type": "send", "id": "{ID}", "conversation": "{ID}", "content": "   "}}',
    f'{{"type": "send", "id": "{ID}", "conversation": "{ID}", "content": "a", "attachments": 7}}',
    "[" * 5000 + "]" * 5000,
]


@pytest.mark.parametrize("text", BAD_FRAMES, ids=[text[:20] or "nothing" for text in BAD_FRAMES])
def test_a_malformed_frame_gets_a_sentence_and_the_socket_stays(server: Server, text: str) -> None:
    async def scene() -> None:
        async with Tab(server, "alice") as tab:
            await tab.socket.send(text)
            error = await tab.frame("error")
            assert error["code"] == "bad_request"
            assert error["message"]
            await tab.say("ping")
            await tab.frame("pong")

    run(scene())


def test_a_frame_of_bytes_is_refused(server: Server) -> None:
    async def scene() -> None:
        async with Tab(server, "alice") as tab:
            await tab.socket.send(b"\x00\x01")
            assert (await tab.frame("error"))["code"] == "bad_request"

    run(scene())


def test_nul_is_taken_out_and_odd_characters_are_kept(server: Server) -> None:
    async def scene() -> None:
        odd = "a\u202eb e" + "\u0301" * 500 + " \u2028 😀"
        async with Tab(server, "alice") as tab:
            sent = await tab.send(f"{odd}\x00 sim:tokens=1")
            assert sent["message"]["content"] == f"{odd} sim:tokens=1"
            assert (await tab.ended(sent["message"]["reply"]["id"])).status == "complete"

    run(scene())


def test_a_message_has_at_most_32_kilobytes(server: Server) -> None:
    async def scene() -> None:
        async with Tab(server, "alice") as tab:
            id = str(uuid4())
            await tab.say("send", id=id, conversation=str(uuid4()), content="字" * 15_000)
            error = await tab.frame("error", ref=id)
            assert error["code"] == "too_large"
            assert "12 KB" in error["message"]
            sent = await tab.send("sim:tokens=1 " + "a" * (32 * 1024 - 13))
            assert len(sent["message"]["content"]) == 32 * 1024

    run(scene())


def test_a_frame_above_64_kilobytes_is_refused_and_the_socket_stays(server: Server) -> None:
    async def scene() -> None:
        async with Tab(server, "alice") as tab:
            await tab.say("ping", filler="a" * (64 * 1024))
            assert (await tab.frame("error"))["code"] == "too_large"
            await tab.say("ping")
            await tab.frame("pong")

    run(scene())


@pytest.mark.parametrize("size", [MEGABYTE + 1, 10_000_000])
def test_a_frame_above_daphnes_limit_ends_only_its_own_socket(server: Server, size: int) -> None:
    async def scene() -> None:
        async with Tab(server, "alice") as good, Tab(server, "alice") as bad:
            grown = server.memory_from_now()
            with suppress(ConnectionClosed):
                await bad.socket.send("a" * size)
            await asyncio.wait_for(bad.socket.wait_closed(), 5 + LATE)
            assert grown() <= 5 * MEGABYTE
            sent = await good.send("sim:tokens=5")
            assert (await good.ended(sent["message"]["reply"]["id"])).text == expected_text(5)

    run(scene())


def test_frames_that_come_at_once_are_no_flood(server: Server) -> None:
    async def scene() -> None:
        async with Tab(server, "alice") as tab:
            for _ in range(200):  # more than may wait
                await tab.say("ping")
            await tab.wait(lambda: sum(frame["type"] == "pong" for frame in tab.frames) == 200)

    run(scene())


def test_stopping_one_reply_again_and_again_is_one_stop(server: Server) -> None:
    async def scene() -> None:
        async with Tab(server, "alice") as tab:
            reply = (await tab.send("sim:tokens=2000,rate=20"))["message"]["reply"]["id"]
            for _ in range(200):
                await tab.say("stop", reply=reply)
            assert (await tab.ended(reply)).status == "stopped"
            await tab.say("ping")
            await tab.frame("pong")

    run(scene())


def test_a_flood_of_stops_is_closed(server: Server) -> None:
    """Each is done at once, beside what else the socket does: that many may not be under way."""

    async def scene() -> None:
        async with Tab(server, "alice") as tab:
            with suppress(ConnectionClosed):
                for _ in range(400):
                    await tab.say("stop", reply=str(uuid4()))
            await asyncio.wait_for(tab.socket.wait_closed(), 10 + 3 * LATE)
            assert tab.socket.close_code == 4029

    run(scene())


@pytest.mark.parametrize(("size", "count"), [(10, 20_000), (60_000, 4_000)], ids=["small", "large"])
def test_a_flood_is_closed_and_costs_little_memory(server: Server, size: int, count: int) -> None:
    async def scene() -> None:
        async with Tab(server, "alice") as tab:
            grown, began = server.memory_from_now(), time.monotonic()
            text = json.dumps({"type": "ping", "filler": "a" * size})
            with suppress(ConnectionClosed):
                for _ in range(count):
                    await tab.socket.send(text)
                    await asyncio.sleep(0)  # let it read, as a browser does beside sending
            await asyncio.wait_for(tab.socket.wait_closed(), 10 + 3 * LATE)
            assert tab.socket.close_code == 4029
            assert time.monotonic() - began < 2 + 3 * LATE
            assert grown() < 20 * MEGABYTE

    run(scene())


def test_a_reader_who_acknowledges_nothing_is_closed_and_costs_little_memory(server: Server) -> None:
    async def scene() -> None:
        grown = server.memory_from_now()
        tab = Tab(server, "alice", acks=False)
        await tab.connect()
        conversation = str(uuid4())
        for number in range(4):
            await tab.send(f"sim:tokens=20000,seed={number}", conversation=conversation)
        await asyncio.wait_for(tab.socket.wait_closed(), 30)
        assert tab.socket.close_code == 4008
        got = sum(len(frame.get("text", "")) for frame in tab.frames)
        assert got < 600 * 1024
        assert grown() < 20 * MEGABYTE

    run(scene())


def test_who_logs_out_loses_the_socket_within_six_seconds(server: Server) -> None:
    async def scene() -> None:
        async with Tab(server, "bob") as tab:
            logged_out = await asyncio.to_thread(
                server.execute, "DELETE FROM django_session WHERE session_key = ?", tab.session
            )
            assert logged_out == 1
            await asyncio.wait_for(tab.socket.wait_closed(), 6.5 + LATE)
            assert tab.socket.close_code == 4001

    run(scene())


def test_who_was_logged_in_under_an_earlier_secret_key_stays_so(tmp_path: Path) -> None:
    keys = {"SECRET_KEY": "n3w-" + SECRET_KEY, "SECRET_KEY_FALLBACKS": SECRET_KEY}

    async def scene(server: Server) -> None:
        for _ in range(2):  # a page that was open all the time comes back, and comes back again
            async with Tab(server, "alice") as tab:
                assert tab.closed is None

    with Server(tmp_path / "data", **keys) as server:
        run(scene(server))
        assert b'id="composer-input"' in server.get("/", session=server.people["alice"]["session"])[1]


def test_a_socket_that_ends_with_the_server_is_seen_to_its_end(tmp_path: Path) -> None:
    async def scene(server: Server) -> None:
        async with Tab(server, "alice") as tab:
            await asyncio.to_thread(server.end)
            await tab.lost()

    with Server(tmp_path / "data") as server:
        run(scene(server))
        assert server.log.count("socket_opened") == server.log.count("socket_closed") == 1
