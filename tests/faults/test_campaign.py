"""Replies over two processes while those are killed, paused and replaced: no message or character is lost.

Of the pages a quarter reads each of: a reply of its own process on the first, one of the other process on the
first, and the same on the second. What is done to the first is then seen by readers whose reply is gone, by
readers who are gone from a reply that goes on, by both, and by neither.
"""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Collection, Iterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field

import pytest

from tests.harness.cluster import Cluster, on_postgresql
from tests.harness.errors import no_errors
from tests.harness.page import Page
from tests.harness.scale import LATE, scaled
from tests.harness.server import Server
from tests.services import wait_until
from tests.simulator.process import SimulatorProcess
from tests.simulator.text import expected_text

pytestmark = [pytest.mark.fault, on_postgresql]
REPLIES = scaled(200, 20)
ROUNDS = scaled(5, 1)
TOKENS, RATE = scaled(600, 200), 20
LATE_TOKENS = 20
DRAIN = 30
#: Seconds that two servers take to start where nothing else runs, at most.
START = 4


@dataclass
class Crowd:
    pages: list[Page]
    #: By the number of a page: which server makes its reply.
    makers: list[Server]
    #: Those that sent while it was done.
    late: list[Page] = field(default_factory=list)
    done_at: float = 0.0

    def made_by(self, server: Server) -> list[int]:
        return [number for number, maker in enumerate(self.makers) if maker is server]


@pytest.fixture(scope="module")
def cluster(simulator: SimulatorProcess, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    cluster = Cluster(tmp_path_factory.mktemp("cluster"), simulator.url, 2)
    for server in cluster.servers:
        server.drain = DRAIN
    with cluster:
        yield cluster


@asynccontextmanager
async def reading(cluster: Cluster) -> AsyncIterator[Crowd]:
    """Pages that all have text of their replies."""
    servers = cluster.servers
    async with AsyncExitStack() as stack:
        pages = [Page(servers, "alice", at=number % 2) for number in range(REPLIES)]
        makers = [page.here for page in pages]
        await asyncio.gather(*(stack.enter_async_context(page) for page in pages))
        for number, page in enumerate(pages):
            page.ask(f"sim:tokens={TOKENS},rate={RATE},seed={number}")
        await asyncio.gather(*(page.wait(lambda page=page: page.known.text) for page in pages))
        await asyncio.gather(*(page.move() for number, page in enumerate(pages) if number % 4 > 1))
        for page in pages:
            page.gaps.clear()
        yield Crowd(pages, makers)


async def campaign(
    cluster: Cluster, fault: Callable[[], Awaitable[None]], *, wait: float, errors: Collection[str] = ()
) -> Crowd:
    """Do it to a reading crowd while more people send; return when every reply has its end. Meanwhile the
    servers log no errors but these."""
    with no_errors(cluster.servers, but=errors):
        return await _campaign(cluster, fault, wait)


async def _campaign(cluster: Cluster, fault: Callable[[], Awaitable[None]], wait: float) -> Crowd:
    async with reading(cluster) as crowd, AsyncExitStack() as stack:
        crowd.late = late = [Page(cluster.servers, "bob", at=number % 2) for number in range(REPLIES // 4)]
        await asyncio.gather(*(stack.enter_async_context(page) for page in late))
        await asyncio.sleep(wait)
        crowd.done_at = time.monotonic()
        sending = asyncio.create_task(send_meanwhile(late))
        await fault()
        await sending
        await asyncio.gather(*(page.ended() for page in [*crowd.pages, *late]))
        check(cluster, [*crowd.pages, *late])
        assert all(page.known.text for page in crowd.pages)
        check_whole(crowd.pages, TOKENS)
        check_whole(late, LATE_TOKENS)
    return crowd


async def send_meanwhile(late: list[Page]) -> None:
    for number, page in enumerate(late):
        page.ask(f"sim:tokens={LATE_TOKENS},rate=20,seed={number}")
        await asyncio.sleep(0.5 / len(late))
    await asyncio.gather(*(page.stored(within=60) for page in late))


def check(cluster: Cluster, pages: list[Page]) -> None:
    """Every message is stored once and has one reply, and each page shows what is stored."""
    server = cluster.servers[0]
    counts = dict(
        server.rows(
            "SELECT m.id, count(r.id) FROM chat_message m LEFT JOIN chat_reply r ON r.incoming_id = m.id "
            "WHERE m.type = 'incoming' GROUP BY m.id"
        )
    )
    lost = [page.id for page in pages if counts.get(page.id.replace("-", "")) != 1]
    assert lost == [], f"{len(lost)} messages were lost or answered twice"
    wrong = []
    for page in pages:
        state, text = server.text_of(page.reply)
        content = server.rows(
            "SELECT m.content FROM chat_message m JOIN chat_reply r ON r.outgoing_id = m.id WHERE r.id = ?",
            page.reply.replace("-", ""),
        )[0][0]
        shown = page.known
        if not (shown.text == text == content and shown.status == state and shown.length == len(text)):
            wrong.append((page.reply, state, len(text), shown.status, len(shown.text)))
    assert wrong == []


def check_whole(pages: list[Page], tokens: int) -> None:
    """Complete, or interrupted with a beginning of the text."""
    for number, page in enumerate(pages):
        whole = expected_text(tokens, number)
        assert page.known.status in ("complete", "interrupted"), page.known
        assert whole == page.known.text or page.known.status == "interrupted", page.known
        assert whole.startswith(page.known.text)


def abandoned(server: Server) -> int:
    """How many replies run in no process that lives."""
    rows = server.rows(
        "SELECT count(*) FROM chat_reply WHERE state = 'running' AND runner NOT IN "
        "(SELECT id FROM chat_processlease WHERE beat_at > now() - interval '5 seconds')"
    )
    return int(rows[0][0])


def share(crowd: Crowd, status: str) -> float:
    return sum(page.known.status == status for page in crowd.pages) / len(crowd.pages)


def p95(values: list[float]) -> float:
    return sorted(values)[int(len(values) * 0.95)] if values else 0.0


def resumed(crowd: Crowd, numbers: list[int]) -> list[float]:
    """How long after the fault the pages that lost their connection read on."""
    pages = [crowd.pages[number] for number in numbers if crowd.pages[number].gaps]
    return [
        min(at for at in page.news_at if at > crowd.done_at + page.gaps[0]) - crowd.done_at for page in pages
    ]


def say(fault: str, crowd: Crowd, **figures: float) -> None:
    told = ", ".join(f"{name.replace('_', ' ')} {value:.2f} s" for name, value in figures.items())
    print(
        f"{fault}: {len(crowd.pages)} replies, {share(crowd, 'complete'):.0%} complete, "
        f"{share(crowd, 'interrupted'):.0%} interrupted, "
        f"0 messages lost or doubled, 0 wrong characters; {told}"
    )


def moment(round: int) -> float:
    return random.Random(round).uniform(0.2, scaled(8, 2))


@pytest.mark.parametrize("round", range(ROUNDS))
def test_one_of_two_processes_is_killed(cluster: Cluster, round: int) -> None:
    victim, other = cluster.servers[round % 2], cluster.servers[1 - round % 2]

    async def kill() -> None:
        await asyncio.to_thread(victim.kill)

    try:
        crowd = asyncio.run(campaign(cluster, kill, wait=moment(round)))
    finally:
        victim.start()
    spared = crowd.made_by(other)
    assert all(crowd.pages[number].known.status == "complete" for number in spared)
    ended = [page.ended_at - crowd.done_at for page in crowd.pages if page.known.status == "interrupted"]
    assert len(ended) > REPLIES // 4
    reading_on = resumed(crowd, spared)
    assert len(reading_on) > REPLIES // 8
    say("kill -9 of one", crowd, read_on_p95=p95(reading_on), interrupted_shown=max(ended))
    assert p95(reading_on) <= 2 + LATE
    assert max(ended) <= 8 + LATE


@pytest.mark.parametrize("round", range(ROUNDS))
def test_both_processes_are_killed_and_start_again(cluster: Cluster, round: int) -> None:
    started_at = slow = 0.0

    async def kill_both() -> None:
        nonlocal started_at, slow
        for server in cluster.servers:
            await asyncio.to_thread(server.kill)
        await asyncio.sleep(2)
        begun = time.monotonic()
        await asyncio.gather(*(asyncio.to_thread(server.start) for server in cluster.servers))
        started_at = time.monotonic()
        # Whoever tries to come back doubles the pauses: a machine that starts slowly makes these longer.
        slow = max(1, (started_at - begun) / START)
        await asyncio.to_thread(wait_until, lambda: abandoned(cluster.servers[0]) == 0, seconds=8)

    crowd = asyncio.run(campaign(cluster, kill_both, wait=moment(round)))
    back = [page.gaps[-1] for page in crowd.pages]
    shown = [page.ended_at - started_at for page in crowd.pages]
    say("kill -9 of both", crowd, all_back=max(back), end_shown_after_the_start=max(shown))
    assert max(back) <= 15 * slow
    assert max(shown) <= 8 * slow
    assert share(crowd, "interrupted") > 0.9


@pytest.mark.parametrize("round", range(ROUNDS))
def test_a_process_that_stood_still_adds_nothing_to_what_was_ended_for_it(
    cluster: Cluster, round: int
) -> None:
    paused, other = cluster.servers[round % 2], cluster.servers[1 - round % 2]
    kept: dict[str, str] = {}
    rows = "SELECT id, text FROM chat_reply WHERE state = 'interrupted'"

    async def pause() -> None:
        paused.pause()
        await asyncio.sleep(8)
        kept.update(other.rows(rows))
        paused.go_on()

    # The one that stood still has to begin again.
    crowd = asyncio.run(campaign(cluster, pause, wait=moment(round), errors=["lease_lost"]))
    ended = [page for page in crowd.pages if page.known.status == "interrupted"]
    assert len(ended) > REPLIES // 4
    after = dict(other.rows(rows))
    grown = [reply for reply, text in kept.items() if after[reply] != text]
    assert grown == []
    spared = crowd.made_by(other)
    assert all(crowd.pages[number].known.status == "complete" for number in spared)
    attached = [page.ended_at - crowd.done_at for page in ended if page.here is other]
    say(
        "paused for 8 s",
        crowd,
        interrupted_shown=max(attached, default=0),
        shown_by_the_paused_one=max(page.ended_at - crowd.done_at for page in ended),
    )
    assert max(attached) <= 8 + LATE


def test_both_processes_are_replaced_one_after_the_other(cluster: Cluster) -> None:
    async def roll() -> None:
        for server in cluster.servers:
            await asyncio.to_thread(server.end)
            await asyncio.to_thread(server.start)
            await asyncio.sleep(1)

    crowd = asyncio.run(campaign(cluster, roll, wait=0.5))
    gaps = [gap for page in crowd.pages for gap in page.gaps]
    assert gaps
    say("replaced one after the other", crowd, gap_p95=p95(gaps), longest_gap=max(gaps))
    assert share(crowd, "complete") >= 0.95
    assert [page.known for page in crowd.late if page.known.status != "complete"] == []
    assert p95(gaps) <= 3 + LATE
