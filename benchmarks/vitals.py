"""What a server holds, looked at again and again while it works."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable
from dataclasses import dataclass
from statistics import linear_regression, median
from time import monotonic

from benchmarks.targets import Parley
from tests.harness.database import PostgresDatabase
from tests.simulator.process import SimulatorProcess

EVERY_SECONDS = 5.0
#: The two are not counted in the same moment.
SETTLING = 10
#: Records of this level or a worse one, with their tracebacks.
ERRORS = re.compile(r"^\S+Z (?:ERROR|CRITICAL) .*(?:\n(?!\S+Z [A-Z]+ ).*)*", re.MULTILINE)


@dataclass(frozen=True)
class Sample:
    at: float
    memory: int
    #: Without the connections to the model: idle ones are kept for a while, as many as were needed at once.
    files: int
    threads: int
    connections: int
    journal: int
    upstreams: int
    running: int


class Vitals:
    def __init__(self, target: Parley, upstream: SimulatorProcess) -> None:
        self.target, self.upstream = target, upstream
        self.samples: list[Sample] = []
        self.begun = monotonic()
        self._log_before = len(target.server.log)

    async def watch(self) -> None:
        """Until it is cancelled."""
        while True:
            self.samples.append(await asyncio.to_thread(self.sample))
            await asyncio.sleep(EVERY_SECONDS)

    def sample(self) -> Sample:
        process, server = self.target.process, self.target.server
        journal = server.data / "parley.sqlite3-wal"
        upstream = self.upstream.stats()
        (running,) = server.rows("SELECT count(*) FROM chat_reply WHERE state = 'running'")[0]
        return Sample(
            at=monotonic() - self.begun,
            memory=self.target.memory(),
            files=process.num_fds() - upstream["connections"],
            threads=process.num_threads(),
            connections=self._connections(),
            journal=journal.stat().st_size if journal.exists() else 0,
            upstreams=upstream["open"],
            running=running,
        )

    def _connections(self) -> int:
        """The server's to its database; on SQLite each is an open file."""
        database = self.target.server.database
        if isinstance(database, PostgresDatabase):
            asked = "SELECT count(*) FROM pg_stat_activity WHERE datname = ? AND pid <> pg_backend_pid()"
            return int(database.rows(asked, database.name)[0][0])
        return sum(one.path == str(database.path) for one in self.target.process.open_files())

    def errors(self) -> list[str]:
        """What the server has logged since then."""
        return ERRORS.findall(self.target.server.log[self._log_before :])


def slope(samples: list[Sample]) -> float:
    """Megabytes of memory a minute."""
    if len(samples) < 2:
        return 0.0
    found = linear_regression([one.at for one in samples], [one.memory / 1e6 for one in samples])
    return float(found.slope) * 60


def drift(samples: list[Sample], of: Callable[[Sample], int]) -> float:
    """By how much the last quarter's middle value is above the first quarter's."""
    quarter = max(1, len(samples) // 4)
    return median(map(of, samples[-quarter:])) - median(map(of, samples[:quarter]))
