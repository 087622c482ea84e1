"""What is measured: each target is a server in a process of its own, pinned to a core of its own."""

from __future__ import annotations

import socket
import subprocess
import sys
import tempfile
from pathlib import Path
from types import TracebackType
from typing import Protocol

import psutil

from benchmarks.machine import SERVER_CORE, on_core
from tests.harness.server import ROOT, Server, free_port
from tests.services import wait_until

#: One for each tab: what people share would be told to each of their tabs.
MEMBERS = 2000


class Target(Protocol):
    name: str
    port: int
    path: str
    process: psutil.Process

    def __enter__(self) -> Target: ...

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None: ...

    def cookie(self, number: int) -> str:
        """The cookie of the tab with this number."""
        ...

    def cpu(self) -> float:
        """Seconds that the process has had, with all its threads."""
        ...

    def memory(self) -> int:
        """Resident bytes."""
        ...


class Process:
    """The books of a server's process."""

    process: psutil.Process

    def cpu(self) -> float:
        times = self.process.cpu_times()
        return times.user + times.system

    def memory(self) -> int:
        resident: int = self.process.memory_info().rss
        return resident


class Relay(Process):
    """One of ``benchmarks.relays``. ``python``: what runs it."""

    path = "/"

    def __init__(
        self,
        upstream: str,
        *,
        name: str,
        module: str,
        options: tuple[str, ...] = (),
        python: str = sys.executable,
    ) -> None:
        self.name, self.port = name, free_port()
        self._command = [python, "-m", f"benchmarks.relays.{module}", *options]
        self._command += ["--port", str(self.port), "--upstream", upstream]

    def __enter__(self) -> Relay:
        with on_core(SERVER_CORE):
            self._started = subprocess.Popen(self._command, cwd=ROOT)
        self.process = psutil.Process(self._started.pid)
        wait_until(lambda: answers(self.port) or self._started.poll() is not None)
        assert self._started.poll() is None, f"{self.name} ended"
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._started.kill()
        self._started.wait()

    def cookie(self, number: int) -> str:
        return ""


def answers(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


class Parley(Process):
    """One process of the whole product, as ``manage.py serve`` runs it. ``beside``: the one with whose
    database it works; ``pages``: with what the pages need, too; ``python``: what runs it."""

    path = "/ws/chat/"

    def __init__(
        self,
        upstream: str,
        *,
        name: str,
        database_url: str = "",
        redis_url: str = "",
        beside: Parley | None = None,
        members: int = MEMBERS,
        pages: bool = False,
        python: str = sys.executable,
    ) -> None:
        self.name = name
        self._folder = tempfile.TemporaryDirectory(prefix="parley-bench-")
        empty = Path(self._folder.name) / "static"
        empty.mkdir()
        self.server = Server(
            Path(self._folder.name),
            upstream,
            members,
            beside=beside.server if beside else None,
            database_url=database_url,
            python=python,
            MAX_RUNNING_REPLIES="5000",
            **({"REDIS_URL": redis_url} if redis_url else {}),
            **({} if pages else {"STATIC_ROOT": str(empty)}),
        )
        self.port = self.server.port
        self.sessions = [
            person["session"] for name, person in self.server.people.items() if name.startswith("member")
        ]

    def __enter__(self) -> Parley:
        with on_core(SERVER_CORE):
            self.server.start()
        assert self.server.process
        self.process = psutil.Process(self.server.process.pid)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.server.__exit__()
        self._folder.cleanup()

    def cookie(self, number: int) -> str:
        return f"sessionid={self.sessions[number % len(self.sessions)]}"

    def run(self, *arguments: str) -> str:
        """What Python prints for these arguments in the server's environment."""
        done = subprocess.run(
            [sys.executable, *arguments],
            cwd=ROOT,
            env=self.server.variables,
            check=True,
            stdout=subprocess.PIPE,
        )
        return done.stdout.decode()


def relay(key: str, upstream: str, python: str = sys.executable) -> Relay:
    """The relay of this short name, run by this Python."""
    match key:
        case "bare":
            return Relay(upstream, name="aiohttp client and socket, uvloop", module="bare", python=python)
        case "framework":
            name = "Daphne, Channels, httpx on aiohttp, orjson; no product"
            return Relay(upstream, name=name, module="framework", python=python)
        case "plain":
            name = "Daphne, Channels, plain httpx, json; no product"
            return Relay(upstream, name=name, module="framework", options=("--plain",), python=python)
    raise KeyError(key)


RELAYS = ("bare", "framework", "plain")
#: The product, by what it keeps its data in.
PRODUCT = {
    "parley": "**Parley**, SQLite",
    "postgresql": "**Parley**, PostgreSQL",
    "production": "**Parley**, PostgreSQL and Redis",
}
KEYS = (*RELAYS, *PRODUCT)
