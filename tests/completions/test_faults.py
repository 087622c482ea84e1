"""Each way an endpoint can fail ends in its named code, in time, with the text before it kept."""

from __future__ import annotations

import asyncio
import socket
from contextlib import aclosing
from dataclasses import replace

import pytest

from chat.completions.deadlines import Deadlines
from chat.completions.decoder import MAX_TEXT
from chat.completions.deltas import Endpoint, Finish
from chat.completions.providers import stream
from tests.completions.asking import SHORT, ask, ask_all, question, read, with_client
from tests.harness.scale import LATE
from tests.simulator import SimulatorProcess, expected_text
from tests.simulator.faults import SEPARATORS

SEEDS = range(20)
#: How many bytes of a stream come at a time: 0 is one event, whatever its length.
CHUNKS = (0, 1, 2, 3, 7, 16, 61, 256, 1021, 4096)
#: A broken connection may take what came just before it along.
LOSE_WHAT_WAS_UNREAD = ("cut_chunked", "cut_rst")
#: Those that a deadline ends; the others have the product's own.
WAITED_FOR = ("hang", "stall", "keepalive", "drip")


@pytest.mark.parametrize(
    ("fault", "code", "tokens"),
    [
        ("refuse", "upstream_cut", 0),
        ("hang", "upstream_timeout_first", 0),
        ("badstatus", "upstream_bad_data", 0),
        ("500", "upstream_error", 0),
        ("502", "upstream_error", 0),
        ("503", "upstream_error", 0),
        ("401", "upstream_error", 0),
        ("404", "upstream_error", 0),
        ("429", "upstream_busy", 0),
        ("html200", "upstream_error", 0),
        ("empty200", "upstream_error", 0),
        ("error200", "upstream_error", 0),
        ("cut_chunked", "upstream_cut", 10),
        ("cut_rst", "upstream_cut", 10),
        ("cut_close", "upstream_cut", 10),
        ("stall", "upstream_stalled", 10),
        ("keepalive", "upstream_stalled", 10),
        ("drip", "upstream_stalled", 10),
        ("bigline", "upstream_bad_data", 10),
        ("error_event", "upstream_error", 10),
        ("malformed", "upstream_bad_data", 50),
        ("glued", "upstream_bad_data", 50),
        ("nodata", "upstream_bad_data", 50),
        ("wrongtype", "upstream_bad_data", 50),
        ("no_done", "upstream_cut", 50),
    ],
)
def test_a_fault_has_its_code_and_keeps_the_text(
    simulator: SimulatorProcess, fault: str, code: str, tokens: int
) -> None:
    least = 4096 if fault == "bigline" else 0
    chunks = {seed: max(CHUNKS[seed % len(CHUNKS)], least) for seed in SEEDS}
    replies = ask_all(
        simulator.url,
        [f"sim:fault={fault},every=0.05,seed={seed},chunk={chunk}" for seed, chunk in chunks.items()],
        deadlines=SHORT if fault in WAITED_FOR else Deadlines(),
    )
    for seed, reply in zip(SEEDS, replies, strict=True):
        assert (reply.code, reply.finish) == (code, None)
        if fault in LOSE_WHAT_WAS_UNREAD:
            assert expected_text(tokens, seed).startswith(reply.text)
        else:
            assert reply.text == expected_text(tokens, seed)
        assert reply.seconds < SHORT.total + 2 + LATE
        assert "secret-0123456789" not in getattr(reply.error, "detail", "")
    simulator.wait_until(lambda stats: stats["open"] == 0, within=1 + LATE)


@pytest.mark.parametrize(
    ("fault", "inserted"),
    [
        ("badutf8", "\ufffd\ufffd"),
        ("u2028", SEPARATORS),
        ("nul", "abc\ufffdd"),
        ("odd", "[first]"),
    ],
)
def test_an_oddity_is_tolerated(simulator: SimulatorProcess, fault: str, inserted: str) -> None:
    models = [f"sim:fault={fault},seed={seed},chunk={CHUNKS[seed % len(CHUNKS)]}" for seed in SEEDS]
    for seed, reply in zip(SEEDS, ask_all(simulator.url, models), strict=True):
        before, after = expected_text(10, seed), expected_text(50, seed).removeprefix(expected_text(10, seed))
        assert reply.text == before + inserted + after
        assert (reply.finish, reply.error) == (Finish("stop"), None)


def test_broken_framing_ends_a_reply_at_the_latest_when_the_gap_is_over(simulator: SimulatorProcess) -> None:
    for seed, reply in enumerate(
        ask_all(simulator.url, [f"sim:badchunk,seed={seed}" for seed in SEEDS], deadlines=SHORT)
    ):
        # aiohttp reports it if it comes along with good bytes, and else falls silent.
        assert reply.code in ("upstream_bad_data", "upstream_cut", "upstream_stalled")
        assert expected_text(10, seed).startswith(reply.text)
    simulator.wait_until(lambda stats: stats["open"] == 0, within=1 + LATE)


def test_an_endless_reply_is_cut_at_its_limit_and_its_connection_closed(simulator: SimulatorProcess) -> None:
    reply = ask(simulator.url, "sim:endless,seed=41")
    assert reply.code == "upstream_too_long"
    assert MAX_TEXT - 4 < len(reply.text.encode()) <= MAX_TEXT
    simulator.wait_until(lambda stats: stats["open"] == 0, within=1 + LATE)


def test_a_reply_without_end_in_time_is_cut_there(simulator: SimulatorProcess) -> None:
    reply = ask(simulator.url, "sim:endless,rate=20,seed=42", deadlines=SHORT)
    assert reply.code == "upstream_timeout"
    assert SHORT.total <= reply.seconds < SHORT.total + 2 + LATE
    assert expected_text(200, 42).startswith(reply.text)


def test_a_pause_shorter_than_the_deadline_is_only_a_pause(simulator: SimulatorProcess) -> None:
    deadlines = Deadlines(first=5, gap=0.5)
    reply = ask(simulator.url, "sim:pause=1,tokens=5,seed=43", deadlines=deadlines)
    assert (reply.text, reply.error) == (expected_text(5, 43), None)


def test_time_that_the_reader_takes_is_not_the_upstreams(simulator: SimulatorProcess) -> None:
    async def slowly() -> None:
        endpoint = Endpoint("openai", simulator.url, "", "sim:tokens=10,seed=44,rate=40")
        last = None
        async with aclosing(stream(endpoint, question(), deadlines=replace(SHORT, total=60))) as batches:
            async for batch in batches:
                if last is None:
                    await asyncio.sleep(SHORT.gap * 2)
                last = batch[-1]
        assert last == Finish("stop")

    asyncio.run(with_client(slowly()))


def unused_port() -> int:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return int(taken.getsockname()[1])


@pytest.mark.parametrize("address", ["http://127.0.0.1:{}/v1", "http://host.invalid:{}/v1", "nonsense"])
def test_an_endpoint_that_is_not_there_is_unreachable_within_six_seconds(address: str) -> None:
    reply = ask(address.format(unused_port()))
    assert reply.code == "upstream_unreachable"
    assert reply.seconds < 6


def test_a_server_without_tls_is_unreachable_by_https(simulator: SimulatorProcess) -> None:
    url, deadlines = simulator.url.replace("http:", "https:"), Deadlines(connect=0.3)
    assert ask(url, deadlines=deadlines).code == "upstream_unreachable"


def test_a_server_that_dies_cuts_its_replies() -> None:
    async def die() -> None:
        with SimulatorProcess() as own:
            endpoint = Endpoint("openai", own.url, "", "sim:tokens=1000,rate=40,seed=45")
            reading = asyncio.create_task(read(endpoint, question()))
            await asyncio.to_thread(own.wait_until, lambda stats: stats["requests"][-1:] and sent(stats) > 5)
            own.close()
            reply = await reading
        assert reply.code == "upstream_cut"
        assert reply.text
        assert expected_text(1000, 45).startswith(reply.text)

    def sent(stats: dict[str, list[dict[str, int]]]) -> int:
        return stats["requests"][-1]["events"]

    asyncio.run(with_client(die()))
