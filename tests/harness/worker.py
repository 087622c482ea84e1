"""A real ``manage.py worker`` in a process of its own, on the data of a server that need not run."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from itertools import count

from tests.harness.server import ROOT, Server

_numbers = count(1)


class WorkerProcess:
    """``with WorkerProcess(server) as worker:`` it works; at the end it is drained."""

    def __init__(self, server: Server, *, drain: float = 5, **variables: str) -> None:
        self.variables = server.variables | variables
        self.log_file = server.data / f"worker-{next(_numbers)}.log"
        self.drain = drain

    @property
    def log(self) -> str:
        return self.log_file.read_text()

    def __enter__(self) -> WorkerProcess:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        if self.process.poll() is None:
            self.go_on()
            self.end()

    def start(self, *, within: float = 120) -> None:
        with self.log_file.open("ab") as log:
            self.process = subprocess.Popen(
                [sys.executable, "manage.py", "worker", "--drain", str(self.drain)],
                cwd=ROOT,
                env=self.variables,
                stdout=log,
                stderr=log,
            )
        deadline = time.monotonic() + within
        while "worker_ready" not in self.log:
            if self.process.poll() is not None or time.monotonic() > deadline:
                raise AssertionError(f"the worker did not become ready:\n{self.log[-4000:]}")
            time.sleep(0.05)

    def kill(self) -> None:
        """As a power cut: no clean-up."""
        self.process.kill()
        self.process.wait()

    def pause(self) -> None:
        """As a machine that stands still, until ``go_on``."""
        self.process.send_signal(signal.SIGSTOP)

    def go_on(self) -> None:
        self.process.send_signal(signal.SIGCONT)

    def end(self) -> int:
        """Drain it as an init system does; its exit code."""
        self.process.send_signal(signal.SIGTERM)
        try:
            return self.process.wait(30)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
            raise
