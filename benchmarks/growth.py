"""What the product costs as work grows: with the replies that run at once, and with the length of a
conversation."""

from __future__ import annotations

import asyncio
import json
import time
from dataclasses import dataclass
from statistics import median

import uvloop

from benchmarks.crowd import Crowd
from benchmarks.figures import Figures
from benchmarks.session import PACED
from benchmarks.table import rows
from benchmarks.tabs import Scenario
from benchmarks.targets import Parley

STREAMS = (1, 100, 300, 600)
MESSAGES = (10, 1_000, 10_000)
#: Each figure of a conversation is the median of so many requests or questions, one after the other.
TIMES = 20
SHORT = Scenario(tokens=5, rate=100)
#: Who has the long conversations.
OWNER = 0


@dataclass(frozen=True)
class Step:
    figures: Figures
    #: Bytes by which the server grew while its replies ran, for each after the first.
    reply: float | None


@dataclass(frozen=True)
class History:
    """Milliseconds until the answer had come."""

    messages: int
    page: float
    newest: float
    oldest: float
    first_token: float


async def at_streams(target: Parley, streams: int, scenario: Scenario = PACED) -> Step:
    """The server has to be a fresh one: memory that it had before would be used again, and what longer
    conversations take would be counted to new ones. What it loads for its first reply is no reply's."""
    crowd = Crowd(target, scenario)
    await crowd.grow_to(1)
    joining = await crowd.connect(streams - 1)
    await asyncio.sleep(2)
    before = target.memory()
    await crowd.begin(joining)
    figures = await crowd.measure(2 * scenario.seconds)
    await crowd.finish()
    return Step(figures, (figures.memory - before) / len(joining) if joining else None)


def by_messages(target: Parley, messages: tuple[int, ...]) -> list[History]:
    """Conversations of so many messages, in the database before they are first looked at."""
    made = target.run("-m", "benchmarks.histories", f"member{OWNER}", *map(str, messages))
    return [history(target, int(number), id) for number, id in json.loads(made).items()]


def history(target: Parley, messages: int, conversation: str) -> History:
    listed = f"/chat/conversations/{conversation}/messages"
    return History(
        messages,
        page=milliseconds(target, f"/c/{conversation}"),
        newest=milliseconds(target, listed),
        oldest=milliseconds(target, f"{listed}{last_cursor(target, listed)}"),
        first_token=uvloop.run(first_token(target, conversation)),
    )


def milliseconds(target: Parley, path: str) -> float:
    """A new connection each time, on this machine."""
    taken = []
    for _ in range(TIMES):
        begun = time.perf_counter()
        answer(target, path)
        taken.append(time.perf_counter() - begun)
    return median(taken) * 1000


def last_cursor(target: Parley, listed: str) -> str:
    """As the part of an address that asks for the oldest page."""
    cursor = ""
    while following := json.loads(answer(target, listed + cursor))["next"]:
        cursor = f"?cursor={following}"
    return cursor


def answer(target: Parley, path: str) -> bytes:
    status, body = target.server.get(path, session=target.sessions[OWNER])
    assert status == 200, f"{path}: {status}"
    return body


async def first_token(target: Parley, conversation: str) -> float:
    crowd = Crowd(target, SHORT)
    (tab,) = await crowd.connect(1)
    tab.conversation = conversation
    tab.say(type="open", conversation=conversation)
    async with asyncio.timeout(TIMES * 10):
        for _ in range(TIMES):
            tab.ask()
            tab.asking = False
            await tab.quiet.wait()
    await crowd.finish()
    return median(crowd.books.first_tokens) * 1000


def streams_table(steps: list[Step]) -> str:
    head = (
        "replies at 20 tokens/s",
        "CPU-s per 1,000 tokens",
        "first token p50 / p95, ms",
        "lag p95, ms",
        "memory, MB",
        "KB for each more reply",
    )
    return rows(
        head,
        [
            (
                f"{one.streams}",
                f"{one.cpu_per_thousand:.3f}",
                f"{one.first_token(50):.1f} / {one.first_token(95):.1f}",
                f"{one.lag(95):.1f}",
                f"{one.memory / 1e6:.0f}",
                "" if step.reply is None else f"{step.reply / 1024:.0f}",
            )
            for step in steps
            for one in [step.figures]
        ],
    )


def messages_table(histories: list[History]) -> str:
    head = ("messages", "page, ms", "newest 40, ms", "oldest 40, ms", "first token, ms")
    return rows(
        head,
        [
            (
                f"{one.messages:,}",
                *(f"{value:.1f}" for value in (one.page, one.newest, one.oldest, one.first_token)),
            )
            for one in histories
        ],
    )
