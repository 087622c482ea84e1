"""Half an hour of people: does anything grow that should not, and is every character right?

``SOAK_MINUTES`` shortens it. A server that has just been started fills its pools and caches first: what it
holds is compared from five minutes on, or from a third of a shorter time.
"""

from __future__ import annotations

import asyncio
import os
from collections import Counter
from contextlib import suppress
from dataclasses import dataclass
from time import monotonic

from benchmarks.people import Person
from benchmarks.targets import Parley
from benchmarks.vitals import SETTLING, Sample, Vitals, drift, slope
from tests.simulator.process import SimulatorProcess

PEOPLE = 100
MINUTES = float(os.environ.get("SOAK_MINUTES") or 30)
WARM_UP_MINUTES = 5.0
MOST_SLOPE, MOST_DRIFT = 1.0, 5


@dataclass(frozen=True)
class Report:
    done: Counter[str]
    wrong: Counter[str]
    errors: list[str]
    samples: list[Sample]
    #: Replies stored as running and upstream connections open, when everybody had gone.
    left: tuple[int, int]

    @property
    def warm(self) -> list[Sample]:
        """The samples after the warm-up."""
        whole = self.samples[-1].at
        return [one for one in self.samples if one.at >= min(WARM_UP_MINUTES * 60, whole / 3)]

    def correct(self) -> list[tuple[bool, str]]:
        # A reply runs until its end is stored, so there may be fewer.
        without = max(one.upstreams - one.running for one in self.samples)
        return [
            (not self.wrong, f"every reply is right: {dict(self.wrong) or 'yes'}"),
            (not self.errors, f"no error in the log: {dict(Counter(map(kind, self.errors))) or 'none'}"),
            (without <= SETTLING, f"no upstream connection without a running reply: {max(0, without)}"),
            (self.left == (0, 0), f"nothing left at the end: {self.left[0]} running, {self.left[1]} open"),
        ]

    def steady(self) -> list[tuple[bool, str]]:
        growth = slope(self.warm)
        drifts = {
            "open files": drift(self.warm, lambda one: one.files),
            "threads": drift(self.warm, lambda one: one.threads),
            "database connections": drift(self.warm, lambda one: one.connections),
        }
        return [
            (growth <= MOST_SLOPE, f"memory grows at most {MOST_SLOPE} MB a minute: {growth:+.2f}"),
            *(
                (abs(by) <= MOST_DRIFT, f"{name} within ±{MOST_DRIFT}: {by:+.0f}")
                for name, by in drifts.items()
            ),
        ]


def kind(error: str) -> str:
    """Who logged it, and the event."""
    return " ".join(error.split(maxsplit=4)[2:4])


async def soak(target: Parley, upstream: SimulatorProcess, *, people: int, minutes: float) -> Report:
    done: Counter[str] = Counter()
    wrong: Counter[str] = Counter()
    vitals = Vitals(target, upstream)
    watching = asyncio.create_task(vitals.watch())
    until = monotonic() + minutes * 60
    crowd = [Person(target, number, done=done, wrong=wrong) for number in range(people)]
    living = asyncio.gather(*(person.live(until) for person in crowd))
    await asyncio.sleep(until - monotonic())
    watching.cancel()
    with suppress(asyncio.CancelledError):
        await watching  # if it has failed, there is nothing to judge by
    await living
    await asyncio.sleep(1)
    left = vitals.sample()
    return Report(done, wrong, vitals.errors(), vitals.samples, (left.running, left.upstreams))


def lines(report: Report) -> str:
    """Once a minute what the server held, and what happened in all."""
    head = "minute  memory MB  files  threads  database  journal MB  upstreams  running"
    minutes: dict[int, Sample] = {}
    for one in report.samples:
        minutes.setdefault(int(one.at // 60), one)
    rows = [
        f"{minute:6d}  {one.memory / 1e6:9.0f}  {one.files:5d}  {one.threads:7d}  {one.connections:8d}  "
        f"{one.journal / 1e6:10.1f}  {one.upstreams:9d}  {one.running:7d}"
        for minute, one in minutes.items()
    ]
    happened = ", ".join(f"{count:,} {name}" for name, count in report.done.most_common())
    return "\n".join([head, *rows, "", happened])
