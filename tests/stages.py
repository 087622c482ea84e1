"""Commands in rows: those of a row one after the other, the rows side by side.

The fault campaigns wait most of the time, but measure it; the other tests need the processors. So the first
row has precedence, and the others take what it leaves.
"""

from __future__ import annotations

import contextlib
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import pytest

#: That of the rows behind the first one; 19 would leave them hardly anything.
NICENESS = 10
#: A mark that no test has is no failure.
CONTENT = (pytest.ExitCode.OK, pytest.ExitCode.NO_TESTS_COLLECTED)


@dataclass(frozen=True)
class Stage:
    name: str
    command: Sequence[str | Path]
    environment: dict[str, str]


def run(*rows: Iterable[Stage]) -> list[str]:
    """The names of what failed. What a stage prints is shown when it has ended, or at once if it is alone."""
    running = _Running(alone=len(rows) == 1)
    with ThreadPoolExecutor(len(rows)) as threads, running.ended_with_us():
        failed = threads.map(running.row, rows, range(len(rows)))
        return [name for names in failed for name in names]


class _Running:
    def __init__(self, *, alone: bool) -> None:
        self.alone = alone
        self.printing = threading.Lock()
        self.processes: list[subprocess.Popen[bytes]] = []
        self.over = False

    def row(self, stages: Iterable[Stage], number: int) -> list[str]:
        niceness = NICENESS if number else 0
        return [stage.name for stage in stages if not self.over and not self.passes(stage, niceness)]

    def passes(self, stage: Stage, niceness: int) -> bool:
        begun = time.monotonic()
        command = ["nice", "-n", str(niceness), *stage.command] if niceness else list(stage.command)
        with tempfile.TemporaryFile() as output:
            shown = None if self.alone else output
            self.say(f"\n{stage.name}" if self.alone else f"{stage.name}: begun")
            process = subprocess.Popen(command, env=stage.environment, stdout=shown, stderr=shown)
            self.processes.append(process)
            if self.over:
                process.send_signal(signal.SIGINT)
            passed = process.wait() in CONTENT
            with self.printing:
                if not self.alone:
                    print(f"\n{stage.name}", flush=True)
                    output.seek(0)
                    shutil.copyfileobj(output, sys.stdout.buffer)
                print(f"{stage.name}: {round(time.monotonic() - begun)} s", flush=True)
        return passed

    def say(self, line: str) -> None:
        with self.printing:
            print(line, flush=True)

    @contextlib.contextmanager
    def ended_with_us(self) -> Iterator[None]:
        """Whoever interrupts this process means its processes too."""
        try:
            yield
        except BaseException as error:
            self.over = True
            if not isinstance(error, KeyboardInterrupt):  # the terminal has told them that itself
                for process in self.processes:
                    process.send_signal(signal.SIGINT)
            raise
