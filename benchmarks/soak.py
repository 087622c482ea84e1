"""Half an hour of people: does anything grow that should not, and is every character right?

``SOAK_MINUTES`` shortens it. A server that has just been started fills its pools and caches first: what it
holds is compared from five minutes on, or from a third of a shorter time.
"""

from __future__ import annotations

import asyncio
import os
from collections import Counter
from collections.abc import Sequence
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
#: In the production set-up one process tells another by Redis, and each has a pool of connections.
PROCESSES = {"production": 2}
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
        warm = self.warm
        times = [one.at for one in warm]
        verdicts = [within("people's connections", [one.people for one in warm])]
        for number, held in enumerate(zip(*(one.processes for one in warm), strict=True), start=1):
            growth = slope(times, [one.memory for one in held])
            judged = [
                (growth <= MOST_SLOPE, f"memory grows at most {MOST_SLOPE} MB a minute: {growth:+.2f}"),
                within("open files", [one.files for one in held]),
                within("threads", [one.threads for one in held]),
                within("database connections", [one.database for one in held]),
            ]
            verdicts += [(passed, f"process {number}: {text}") for passed, text in judged]
        return verdicts


def within(name: str, values: Sequence[int]) -> tuple[bool, str]:
    by = drift(values)
    return abs(by) <= MOST_DRIFT, f"{name} within ±{MOST_DRIFT}: {by:+.0f}"


def kind(error: str) -> str:
    """Who logged it, and the event."""
    return " ".join(error.split(maxsplit=4)[2:4])


async def soak(
    targets: Sequence[Parley], upstream: SimulatorProcess, *, people: int, minutes: float
) -> Report:
    """Processes on one database; each connection of the people goes to any of them."""
    done: Counter[str] = Counter()
    wrong: Counter[str] = Counter()
    vitals = Vitals(targets, upstream)
    watching = asyncio.create_task(vitals.watch())
    until = monotonic() + minutes * 60
    crowd = [Person(targets, number, done=done, wrong=wrong) for number in range(people)]
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
    """Once a minute what each process held, and what happened in all."""
    head = "minute  process  memory MB  files  threads  database  people  journal MB  upstreams  running"
    minutes: dict[int, Sample] = {}
    for one in report.samples:
        minutes.setdefault(int(one.at // 60), one)
    rows = []
    for minute, one in minutes.items():
        of_all = f"{one.journal / 1e6:10.1f}  {one.upstreams:9d}  {one.running:7d}"
        for number, held in enumerate(one.processes, start=1):
            rows.append(
                f"{minute:6d}  {number:7d}  {held.memory / 1e6:9.0f}  {held.files:5d}  {held.threads:7d}  "
                f"{held.database:8d}  {held.people:6d}  {of_all if number == 1 else ''}".rstrip()
            )
    happened = ", ".join(f"{count:,} {name}" for name, count in report.done.most_common())
    return "\n".join([head, *rows, "", happened])
