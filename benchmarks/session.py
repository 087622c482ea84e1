"""Everything that is measured at one server while it runs."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

from benchmarks.crowd import Crowd
from benchmarks.figures import Figures
from benchmarks.tabs import Scenario
from benchmarks.targets import Target

PACED = Scenario(tokens=200, rate=20)
#: As fast as the server takes it. Long replies: what is asked is how fast text goes through.
UNPACED = Scenario(tokens=2000, rate=0)
#: A server holds so many streams when 95 of 100 tokens are less than this late, and none is lost.
HELD_MILLISECONDS = 250
MOST_STREAMS = 3000


@dataclass(frozen=True)
class Plan:
    """How much is measured. ``periods``: replies' lengths in the first window. ``limit``: look for the
    streams held. ``settle``: seconds until a server that was connected to is at rest."""

    paced: Scenario = PACED
    few: int = 100
    many: int = 300
    periods: int = 2
    unpaced: Scenario = UNPACED
    unpaced_streams: int = 20
    unpaced_seconds: float = 5
    limit: bool = True
    idle: int = 1000
    settle: float = 3


@dataclass(frozen=True)
class Round:
    few: Figures
    many: Figures
    unpaced: Figures
    held: int | None


async def measure(target: Target, plan: Plan) -> Round:
    crowd = Crowd(target, plan.paced)
    await crowd.grow_to(plan.few)
    few = await crowd.measure(plan.paced.seconds * plan.periods)
    await crowd.grow_to(plan.many)
    many = await crowd.measure(plan.paced.seconds)
    await crowd.finish()
    unpaced = await fastest(target, plan)
    held = await streams_held(target, plan, few, many) if plan.limit else None
    return Round(few, many, unpaced, held)


async def one_window(target: Target, streams: int, periods: int) -> Figures:
    crowd = Crowd(target, PACED)
    await crowd.grow_to(streams)
    figures = await crowd.measure(PACED.seconds * periods)
    await crowd.finish()
    return figures


async def fastest(target: Target, plan: Plan) -> Figures:
    crowd = Crowd(target, plan.unpaced)
    await crowd.grow_to(plan.unpaced_streams, within=1)
    figures = await crowd.measure(plan.unpaced_seconds)
    await crowd.finish()
    return figures


async def streams_held(target: Target, plan: Plan, few: Figures, many: Figures) -> int:
    """The largest crowd that was served in time; it grows step by step until it is not."""
    known = next((one.streams for one in (many, few) if is_held(one)), 0)
    possible = 1000 / (few.cpu_per_thousand * plan.paced.rate)
    step = max(10, round(possible / 10, -1))
    crowd = Crowd(target, plan.paced)
    streams = int(max(known + step, round(possible * 0.6, -1)))
    while streams <= MOST_STREAMS:
        await crowd.grow_to(streams)
        if not is_held(await crowd.measure(plan.paced.seconds)):
            break
        known, streams = streams, int(streams + step)
    await crowd.finish()
    return known


def is_held(figures: Figures) -> bool:
    return figures.lag(95) < HELD_MILLISECONDS and not figures.faults


async def idle_socket(target: Target, plan: Plan) -> float:
    """Bytes that a socket costs which is greeted and silent. The server has to be a fresh one: memory that
    it had before would be used again."""
    crowd = Crowd(target, plan.paced)
    await crowd.connect(50)
    await asyncio.sleep(plan.settle)
    before = target.memory()
    await crowd.connect(plan.idle)
    await asyncio.sleep(plan.settle)
    grown = target.memory() - before
    await crowd.finish()
    return grown / plan.idle
