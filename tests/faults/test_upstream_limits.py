"""How long, how much and how many: an upstream without end, one that asks for patience, and a crowd."""

from __future__ import annotations

import asyncio
import time
from contextlib import AsyncExitStack
from pathlib import Path
from uuid import uuid4

import pytest

from chat.completions.decoder import MAX_TEXT
from tests.harness.scale import LATE, scaled
from tests.harness.server import Server, free_port
from tests.harness.tab import Heard, Tab
from tests.simulator.process import SimulatorProcess
from tests.simulator.text import expected_text

pytestmark = pytest.mark.fault

SEEDS = range(scaled(20, 1))
TOTAL = 5.0
DEADLINES = {
    "COMPLETIONS_FIRST_SECONDS": "2",
    "COMPLETIONS_GAP_SECONDS": "2",
    "COMPLETIONS_TOTAL_SECONDS": str(TOTAL),
}


async def asked(server: Server, words: str, *, within: float = 30) -> tuple[str, Heard, float]:
    """One reply in a tab of its own: a mark in its message, what was heard of it, and how long it took."""
    mark = uuid4().hex
    async with Tab(server, "alice") as tab:
        sent = (await tab.send(f"{mark} {words}", within=30))["message"]
        began = time.monotonic()
        heard = await tab.ended(sent["reply"]["id"], within=within)
        return mark, heard, time.monotonic() - began


async def all_asked(
    server: Server, words: list[str], *, at_once: int = 1000
) -> list[tuple[str, Heard, float]]:
    turn = asyncio.Semaphore(at_once)

    async def in_turn(one: str) -> tuple[str, Heard, float]:
        async with turn:
            return await asked(server, one, within=120)

    return await asyncio.gather(*map(in_turn, words))


@pytest.mark.parametrize("host", ["127.0.0.1", "no-such-host.invalid"])
def test_an_upstream_that_is_not_there_is_said_within_six_seconds_and_tried_again(
    tmp_path: Path, host: str
) -> None:
    port = free_port()

    async def failed(tab: Tab, seed: int) -> str:
        sent = (await tab.send(f"sim:tokens=5,seed={seed}"))["message"]
        began = time.monotonic()
        first = await tab.ended(sent["reply"]["id"])
        assert (first.status, first.error) == ("failed", "upstream_unreachable")
        assert time.monotonic() - began < 6 + LATE
        return str(sent["id"])

    async def tried_again(tab: Tab, seed: int, message: str) -> None:
        await tab.say("retry", message=message)
        await tab.wait(lambda: len(tab.heard) == 2)
        again = await tab.ended(list(tab.heard)[1])
        assert (again.status, again.text) == ("complete", expected_text(5, seed))

    async def scene(server: Server) -> None:
        async with AsyncExitStack() as stack:
            tabs = [await stack.enter_async_context(Tab(server, "alice")) for _ in SEEDS]
            messages = await asyncio.gather(*map(failed, tabs, SEEDS))
            assert server.rows("SELECT COUNT(*), MAX(attempt) FROM chat_reply") == [(len(SEEDS), 1)]
            if host == "127.0.0.1":
                with SimulatorProcess(port):
                    await asyncio.gather(*map(tried_again, tabs, SEEDS, messages))

    with Server(tmp_path / "data", f"http://{host}:{port}/v1") as server:
        asyncio.run(scene(server))


def test_a_reply_without_end_is_cut_in_time(simulator: SimulatorProcess, tmp_path: Path) -> None:
    words = [f"sim:endless,rate=10,seed={seed}" for seed in SEEDS]
    with Server(tmp_path / "data", simulator.url, **DEADLINES) as server:
        for seed, (_, heard, seconds) in enumerate(asyncio.run(all_asked(server, words, at_once=10))):
            assert (heard.status, heard.error) == ("failed", "upstream_timeout")
            assert TOTAL - 0.5 - LATE <= seconds <= TOTAL + 2 + LATE
            assert heard.text
            assert expected_text(400, seed).startswith(heard.text)
        simulator.wait_until(lambda stats: stats["open"] == 0, within=2 + LATE)


def test_the_time_before_another_try_is_part_of_the_whole(
    simulator: SimulatorProcess, tmp_path: Path
) -> None:
    pause = 4
    words = [f"sim:429,times=1,retry_after={pause},tokens=1000,rate=10,seed={seed}" for seed in SEEDS]
    words += [f"sim:429,times=1,retry_after=6,seed={seed}" for seed in SEEDS]
    with Server(tmp_path / "data", simulator.url, **DEADLINES) as server:
        replies = asyncio.run(all_asked(server, words))
    for seed, (_, heard, seconds) in enumerate(replies[: len(SEEDS)]):
        assert heard.error == "upstream_timeout"
        assert TOTAL - 0.5 <= seconds < pause + TOTAL - 0.5
        assert expected_text(100, seed).startswith(heard.text)
    assert {heard.error for _, heard, _ in replies[len(SEEDS) :]} == {"upstream_busy"}


def test_a_reply_without_end_is_cut_at_its_length_and_its_upstream_closed(
    server: Server, simulator: SimulatorProcess
) -> None:
    words = [f"sim:endless,seed={seed}" for seed in SEEDS]
    for seed, (mark, heard, _) in enumerate(asyncio.run(all_asked(server, words, at_once=2))):
        assert (heard.status, heard.error) == ("failed", "upstream_too_long")
        assert MAX_TEXT - 4 < len(heard.text.encode()) <= MAX_TEXT
        assert expected_text(120_000, seed).startswith(heard.text)
        assert simulator.request_like(mark)["closed_early"]
    simulator.wait_until(lambda stats: stats["open"] == 0, within=1 + LATE)


def test_a_line_without_end_takes_no_memory(simulator: SimulatorProcess, tmp_path: Path) -> None:
    def one(server: Server) -> None:
        _, heard, _ = asyncio.run(asked(server, "sim:bigline,chunk=65536"))
        assert (heard.error, heard.text) == ("upstream_bad_data", expected_text(10))

    with Server(tmp_path / "data", simulator.url) as server:
        one(server)  # the first reply of a process loads what later ones use
        grown = server.memory_from_now()
        for _ in range(scaled(5, 1)):
            one(server)
        megabytes = grown() / 2**20
        assert megabytes <= 5, f"{megabytes:.1f} MB"
        print(f"lines of 20 MB: {megabytes:+.1f} MB")


#: What a busy upstream says in its header, how long a reply takes then at least and at most, and its code.
PATIENCE = [
    ("3", 3, 8, ""),
    ("date+4", 3, 9, ""),
    ("soon", 0, 5, ""),
    ("-5", 0, 5, ""),
    ("nan", 0, 5, ""),
    ("1_Jan_99999999999_00:00:00_GMT", 0, 5, ""),
    ("1e9", 0, 2, "upstream_busy"),
    ("61", 0, 2, "upstream_busy"),
]


def test_a_busy_upstream_is_asked_again_when_it_says(server: Server, simulator: SimulatorProcess) -> None:
    asks = [(seed, *row) for seed in SEEDS for row in PATIENCE]
    words = [f"sim:429,times=1,retry_after={header},tokens=9,seed={seed}" for seed, header, *_ in asks]
    replies = asyncio.run(all_asked(server, words))
    requests = simulator.stats()["requests"]
    for (seed, header, least, most, code), (mark, heard, seconds) in zip(asks, replies, strict=True):
        assert (heard.error, heard.text) == (code, "" if code else expected_text(9, seed)), header
        assert seconds <= most + 2 * LATE, f"{header}: {seconds:.1f} s"
        # Of many that ask at once some hear that they are asked when the model has refused them already.
        first, *again = [one["opened_at"] for one in requests if mark in one["key"]]
        assert len(again) == (not code), header
        assert all(at >= first + least for at in again), f"{header}: {again[0] - first:.1f} s"


def test_a_hundred_and_thirty_streams_at_once_are_all_answered(
    simulator: SimulatorProcess, tmp_path: Path
) -> None:
    with Server(tmp_path / "data", simulator.url) as server:
        for seed in SEEDS:
            replies = asyncio.run(all_asked(server, [f"sim:tokens=80,rate=20,seed={seed}"] * 130))
            assert {(heard.status, heard.error) for _, heard, _ in replies} == {("complete", "")}
            assert {heard.text for _, heard, _ in replies} == {expected_text(80, seed)}


def test_what_finds_no_room_waits_and_is_answered(tmp_path: Path) -> None:
    with (
        SimulatorProcess() as own,
        Server(tmp_path / "data", own.url, MAX_RUNNING_REPLIES="4") as server,
    ):
        replies = asyncio.run(all_asked(server, ["sim:tokens=20,rate=40,seed=6"] * 24))
        assert {(heard.status, heard.text) for _, heard, _ in replies} == {("complete", expected_text(20, 6))}
        assert own.stats()["peak"] == 4
        assert server.rows("SELECT COUNT(*) FROM chat_message WHERE type = 'incoming'") == [(24,)]


@pytest.mark.skipif(not scaled(1, 0), reason="takes five minutes: in `make faults`")
def test_the_deadlines_are_those_of_the_documentation(simulator: SimulatorProcess, tmp_path: Path) -> None:
    async def scene(server: Server) -> None:
        async def ends(words: str, code: str, seconds: float) -> None:
            _, heard, took = await asked(server, words, within=seconds + 20)
            assert heard.error == code
            assert seconds <= took + 0.5 <= seconds + 2.5

        await asyncio.gather(
            ends("sim:hang", "upstream_timeout_first", 30),
            ends("sim:stall", "upstream_stalled", 30),
            ends("sim:endless,rate=4", "upstream_timeout", 300),
            ends("sim:pause=25,tokens=3", "", 25),
        )

    with Server(tmp_path / "data", simulator.url) as server:
        asyncio.run(scene(server))
