"""A real ``manage.py serve`` in a process of its own, on its own data directory and a free port."""

from __future__ import annotations

import os
import random
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import psutil

from tests.harness.prepared import ROOT as ROOT
from tests.harness.prepared import SECRET_KEY as SECRET_KEY
from tests.harness.prepared import environment as environment
from tests.harness.prepared import prepared_data, shared, static_files

#: Below those that the system gives to connections which go out: these would take the port of a server that
#: is not up yet, or down for a moment. Chromium opens no address with one of those up to 10080.
PORTS = range(11_000, 32_768)


def free_port() -> int:
    """A port at which nobody listens, and which no other test of this run is given."""
    given = shared() / "ports"
    given.mkdir(exist_ok=True)
    while True:
        port = random.SystemRandom().choice(PORTS)
        with suppress(OSError), socket.socket() as probe:
            probe.bind(("127.0.0.1", port))
            (given / str(port)).touch(exist_ok=False)
            return port


class Helper:
    """A process that answers each line with a line: what it loads, it loads once."""

    def __init__(self, module: str, environment: dict[str, str]) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", module],
            cwd=ROOT,
            env=environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def ask(self, line: str) -> str:
        process = self._process
        assert process.stdin
        assert process.stdout
        print(line, file=process.stdin, flush=True)
        answer = process.stdout.readline()
        assert answer, f"{process.args} ended"
        return answer

    def end(self) -> None:
        self._process.communicate()


class Server:
    """``with Server(data, upstream_url) as server:``; ``server.people["alice"]["session"]`` logs alice in.

    ``beside``: the server with whose database it works; that one drops it. ``database_url``: where to make
    its database instead of where the environment says. ``python``: what runs it.
    """

    def __init__(
        self,
        data: Path,
        upstream: str = "",
        members: int = 0,
        *,
        beside: Server | None = None,
        database_url: str | None = None,
        python: str = sys.executable,
        **variables: str,
    ) -> None:
        where = os.environ.get("DATABASE_URL", "") if database_url is None else database_url
        prepared, database, self.people = prepared_data(members, where)
        shutil.copytree(prepared, data, dirs_exist_ok=True)
        self.data = data
        self.owns_database = beside is None
        self.database = beside.database if beside else database.copy_to(data)
        self.port = free_port()
        upstreams = {
            "COMPLETIONS_PROVIDER": "openai",
            "COMPLETIONS_URL": upstream,
            "COMPLETIONS_MODEL": "sim",
        }
        limits = ("MESSAGES", "API_REQUESTS", "API_STRANGERS")
        unlimited = {"SOCKETS_PER_PERSON": "0", "SOCKETS_PER_ADDRESS": "0"} | {
            f"{name}_PER_MINUTE": "0" for name in limits
        }
        places = {"PORT": str(self.port), **self.database.variables}
        if "STATIC_ROOT" not in variables:
            places["STATIC_ROOT"] = str(static_files())
        self.variables = environment(
            data, **{**places, **unlimited, **(upstreams if upstream else {}), **variables}
        )
        self.python = python
        self.process: subprocess.Popen[bytes] | None = None
        #: How often it was killed.
        self.kills = 0
        self._helpers: dict[str, Helper] = {}
        #: Seconds that running replies have when it ends.
        self.drain = 5

    @property
    def origin(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def memory(self) -> int:
        """Resident bytes."""
        assert self.process
        resident: int = psutil.Process(self.process.pid).memory_info().rss
        return resident

    def memory_from_now(self) -> Callable[[], int]:
        """Asked later, it says by how many bytes the memory was above what it is now, at its highest."""
        assert self.process
        before, proc = self.memory, Path(f"/proc/{self.process.pid}")
        (proc / "clear_refs").write_text("5")  # VmHWM counts from now on

        def grown() -> int:
            lines = (proc / "status").read_text().splitlines()
            return next(int(line.split()[1]) * 1024 for line in lines if line.startswith("VmHWM:")) - before

        return grown

    @property
    def log(self) -> str:
        return (self.data / "server.log").read_text()

    def __enter__(self) -> Server:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        for helper in self._helpers.values():
            helper.end()
        if self.process:
            self.end()
        if self.owns_database:
            self.database.drop()

    def start(self, *, within: float = 120) -> None:
        """Returns when the server is ready to be sent people."""
        with (self.data / "server.log").open("ab") as log:
            self.process = subprocess.Popen(
                [self.python, "manage.py", "serve", "--drain", str(self.drain)],
                cwd=ROOT,
                env=self.variables,
                stdout=log,
                stderr=log,
            )
        deadline = time.monotonic() + within
        while self.get("/readyz")[0] != 200:
            if self.process.poll() is not None or time.monotonic() > deadline:
                self.kill()
                raise AssertionError(f"the server did not become ready:\n{self.log[-4000:]}")
            time.sleep(0.05)

    def kill(self) -> None:
        """As a power cut: no clean-up."""
        assert self.process
        self.kills += 1
        self.process.kill()
        self.process.wait()
        self.process = None

    def pause(self) -> None:
        """As a machine that stands still: everything stays open, nothing answers, until ``go_on``."""
        assert self.process
        self.process.send_signal(signal.SIGSTOP)

    def go_on(self) -> None:
        assert self.process
        self.process.send_signal(signal.SIGCONT)

    def end(self) -> None:
        assert self.process
        self.go_on()  # a paused process hears of nothing
        self.process.send_signal(signal.SIGTERM)
        try:
            self.process.wait(self.drain + 15)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self.process = None

    def get(self, path: str, *, session: str = "") -> tuple[int, bytes]:
        """Status and body; status 0 when nothing answers."""
        headers = {"Cookie": f"sessionid={session}"} if session else {}
        request = urllib.request.Request(f"{self.origin}{path}", headers=headers)
        try:
            with urllib.request.urlopen(request, timeout=30) as answer:
                return answer.status, answer.read()
        except urllib.error.HTTPError as error:
            return error.code, error.read()
        except OSError:
            return 0, b""

    def helper(self, module: str) -> Helper:
        """The module, run beside the server as long as that one exists."""
        if module not in self._helpers:
            self._helpers[module] = Helper(module, self.variables)
        return self._helpers[module]

    def rows(self, query: str, *values: object) -> list[tuple[Any, ...]]:
        """What the database holds, read beside the server."""
        return self.database.rows(query, *values)

    def execute(self, statement: str, *values: object) -> int:
        """Change what the database holds, beside the server; returns the number of rows."""
        return self.database.execute(statement, *values)

    def text_of(self, reply: str) -> tuple[str, str]:
        """State and stored text of a reply."""
        found: tuple[str, str] = self.rows(
            "SELECT state, text FROM chat_reply WHERE id = ?", reply.replace("-", "")
        )[0]
        return found
