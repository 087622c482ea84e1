"""Several servers on one PostgreSQL database and one Redis of their own."""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing
from pathlib import Path

import pytest
import redis

from tests.harness.server import Server, free_port
from tests.services import own_redis

#: On SQLite there is one process only; ``tests.run`` repeats the campaigns with ``DATABASE_URL``.
on_postgresql = pytest.mark.skipif(
    not os.environ.get("DATABASE_URL", "").startswith("postgres"),
    reason="several processes need DATABASE_URL on PostgreSQL",
)

#: Longer than any test lets it hang.
HANGS_SECONDS = 600


class Store:
    """A Redis at one address, which a test may end and start again; it remembers nothing of before."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir()
        self._folder, self._port = folder, free_port()
        self._running = ExitStack()
        self.url = f"redis://127.0.0.1:{self._port}/0"

    def start(self) -> None:
        self._running.enter_context(own_redis(self._folder, self._port))

    def end(self) -> None:
        self._running.close()

    def fill(self) -> None:
        """It answers, and takes nothing more: everything that would be stored is refused."""
        with self._asked() as client:
            client.config_set("maxmemory", 1)

    def free(self) -> None:
        with self._asked() as client:
            client.config_set("maxmemory", 0)

    def hang(self) -> None:
        """Its connections stay open, and nothing is answered."""
        with self._asked() as client:
            client.client_pause(HANGS_SECONDS * 1000)

    def go_on(self) -> None:
        """Only the program itself ends a pause of all commands."""
        self.end()
        self.start()

    def _asked(self) -> closing[redis.Redis]:
        return closing(redis.Redis.from_url(self.url))


class Cluster:
    """``with Cluster(folder, upstream_url, 2) as cluster:`` two servers are ready in ``cluster.servers``.

    Each has its own data directory and port; the people, and their sessions, are the same on all.
    """

    def __init__(
        self, folder: Path, upstream: str = "", processes: int = 2, members: int = 0, **variables: str
    ) -> None:
        self.store = Store(folder / "redis")
        shared = {"REDIS_URL": self.store.url, **variables}
        first = Server(folder / "process-0", upstream, members, **shared)
        self.servers = [first]
        for number in range(1, processes):
            more = Server(folder / f"process-{number}", upstream, members, beside=first, **shared)
            self.servers.append(more)

    def __enter__(self) -> Cluster:
        try:
            self.store.start()
            with ThreadPoolExecutor(len(self.servers)) as pool:
                list(pool.map(Server.start, self.servers))
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        with ThreadPoolExecutor(len(self.servers)) as pool:
            list(pool.map(Server.end, [one for one in self.servers if one.process]))
        self.servers[0].database.drop()
        self.store.end()
