"""What servers hold, looked at again and again while they work."""

from __future__ import annotations

import asyncio
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import linear_regression, median
from time import monotonic
from urllib.parse import urlsplit

from benchmarks.targets import Parley
from tests.harness.database import PostgresDatabase
from tests.simulator.process import SimulatorProcess

EVERY_SECONDS = 5.0
#: The two are not counted in the same moment.
SETTLING = 10
#: Records of this level or a worse one, with their tracebacks.
ERRORS = re.compile(r"^\S+Z (?:ERROR|CRITICAL) .*(?:\n(?!\S+Z [A-Z]+ ).*)*", re.MULTILINE)


@dataclass(frozen=True)
class Held:
    """What one process has."""

    memory: int
    #: Without people's connections, and those to the model: idle ones are kept for a while, as many as were
    #: needed at once.
    files: int
    threads: int
    #: Connections to its database; on SQLite each is an open file.
    database: int
    #: People's connections.
    people: int


@dataclass(frozen=True)
class Sample:
    at: float
    processes: list[Held]
    journal: int
    upstreams: int
    running: int

    @property
    def people(self) -> int:
        return sum(one.people for one in self.processes)


class Vitals:
    """Of processes on one database."""

    def __init__(self, targets: Sequence[Parley], upstream: SimulatorProcess) -> None:
        self.targets, self.upstream = targets, upstream
        self.samples: list[Sample] = []
        self.begun = monotonic()
        self._logs_before = [len(one.server.log) for one in targets]

    async def watch(self) -> None:
        """Until it is cancelled."""
        while True:
            self.samples.append(await asyncio.to_thread(self.sample))
            await asyncio.sleep(EVERY_SECONDS)

    def sample(self) -> Sample:
        server = self.targets[0].server
        journal = server.data / "parley.sqlite3-wal"
        processes = [self._held(one) for one in self.targets]
        # One right after the other: they are compared.
        upstreams = self.upstream.stats()["open"]
        (running,) = server.rows("SELECT count(*) FROM chat_reply WHERE state = 'running'")[0]
        return Sample(
            at=monotonic() - self.begun,
            processes=processes,
            journal=journal.stat().st_size if journal.exists() else 0,
            upstreams=upstreams,
            running=running,
        )

    def _held(self, target: Parley) -> Held:
        process, database = target.process, target.server.database
        files, connections = process.num_fds(), process.net_connections("tcp")
        # One that waits for its owner to close it has its other end still.
        to = Counter(one.raddr.port for one in connections if one.raddr)
        people = sum(bool(one.raddr) and one.laddr.port == target.port for one in connections)
        if isinstance(database, PostgresDatabase):
            to_database = to[urlsplit(database.url).port or 5432]
        else:
            to_database = sum(one.path == str(database.path) for one in process.open_files())
        return Held(
            memory=target.memory(),
            files=files - people - to[self.upstream.port],
            threads=process.num_threads(),
            database=to_database,
            people=people,
        )

    def errors(self) -> list[str]:
        """What the processes have logged since then."""
        logs = zip(self.targets, self._logs_before, strict=True)
        return [found for one, before in logs for found in ERRORS.findall(one.server.log[before:])]


def slope(times: Sequence[float], memory: Sequence[int]) -> float:
    """Megabytes a minute."""
    if len(times) < 2:
        return 0.0
    return float(linear_regression(times, [one / 1e6 for one in memory]).slope) * 60


def drift(values: Sequence[int]) -> float:
    """By how much the last quarter's middle value is above the first quarter's."""
    quarter = max(1, len(values) // 4)
    return median(values[-quarter:]) - median(values[:quarter])
