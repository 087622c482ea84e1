"""The simulator in a process of its own, for as long as a test needs it."""

from __future__ import annotations

import json
import subprocess
import sys
import time
import urllib.request
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import TracebackType

ROOT = Path(__file__).resolve().parents[2]


class SimulatorProcess:
    """``with SimulatorProcess() as simulator:`` asks are made to ``simulator.url`` (``http://127.0.0.1:…/v1``)."""

    def __init__(self, port: int = 0) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-m", "tests.simulator", "--port", str(port), "--with-parent"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            cwd=ROOT,
        )
        assert self.process.stdout is not None
        self.port: int = json.loads(self.process.stdout.readline())["port"]
        self.url = f"http://127.0.0.1:{self.port}/v1"

    @property
    def maiagent(self) -> dict[str, str]:
        """The settings of a server whose chatbots ask the simulator as MaiAgent's."""
        return {
            "COMPLETIONS_PROVIDER": "maiagent",
            "COMPLETIONS_URL": self.url.replace("/v1", "/api"),
            "COMPLETIONS_API_KEY": "prefix.secret",
            "COMPLETIONS_CHATBOT_ID": "4c1e",
        }

    def __enter__(self) -> SimulatorProcess:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """End the process; every open connection breaks, as when a model server dies."""
        self.process.kill()
        self.process.communicate()

    def heal(self, mark: str) -> None:
        """From now on nothing goes wrong with requests whose message contains ``mark``, a word."""
        urllib.request.urlopen(f"http://127.0.0.1:{self.port}/heal/{mark}", timeout=30).close()

    def stats(self) -> dict[str, Any]:
        with urllib.request.urlopen(f"http://127.0.0.1:{self.port}/stats", timeout=30) as answer:
            stats: dict[str, Any] = json.load(answer)
        return stats

    def wait_until(
        self, condition: Callable[[dict[str, Any]], bool], *, within: float = 30
    ) -> dict[str, Any]:
        """The stats as soon as ``condition`` holds for them."""
        deadline = time.monotonic() + within
        while not condition(stats := self.stats()):
            if time.monotonic() > deadline:
                counts = {name: value for name, value in stats.items() if isinstance(value, int)}
                raise AssertionError(f"not within {within} s: {counts}")
            time.sleep(0.01)
        return stats

    def left_early(self, text: str) -> bool:
        """Whether somebody left a completion whose model or message contains ``text`` before its end."""
        return any(one["closed_early"] for one in self.stats()["requests"] if text in one["key"])

    def request_like(self, text: str) -> dict[str, Any]:
        """The record of the newest completion whose model or message contains ``text``."""
        found = [record for record in self.stats()["requests"] if text in record["key"]]
        return dict(found[-1])
