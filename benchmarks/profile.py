"""Where the server spends its time: py-spy's samples, as two tables of functions."""

from __future__ import annotations

import asyncio
import sys
import tempfile
from collections import Counter
from pathlib import Path

ROWS = 40
PY_SPY = Path(sys.executable).with_name("py-spy")


async def profile(pid: int, seconds: float) -> str:
    """Look at the process for so long. Needs the right to trace it: root, or one's own child."""
    with tempfile.TemporaryDirectory(prefix="parley-bench-") as folder:
        samples = Path(folder) / "samples"
        command = ["record", "--pid", str(pid), "--duration", str(round(seconds)), "--rate", "200"]
        # Without --gil the threads that wait for work count as well.
        options = ["--gil", "--format", "raw", "--function", "--output", str(samples)]
        spy = await asyncio.create_subprocess_exec(
            PY_SPY, *command, *options, stdout=asyncio.subprocess.DEVNULL, stderr=asyncio.subprocess.PIPE
        )
        _, errors = await spy.communicate()
        if spy.returncode:
            return errors.decode()
        return tables(samples.read_text())


def tables(samples: str) -> str:
    """``samples``: a line for each stack, functions from the outside to the inside, and how often."""
    alone: Counter[str] = Counter()
    together: Counter[str] = Counter()
    for line in samples.splitlines():
        stack, _, count = line.rpartition(" ")
        functions = stack.split(";")
        alone[functions[-1]] += int(count)
        together.update(dict.fromkeys(functions, int(count)))
    whole = alone.total() or 1
    return "\n".join(
        [
            f"{whole} samples",
            *section("in the function itself", alone, whole),
            *section("with what it calls", together, whole),
        ]
    )


def section(title: str, counts: Counter[str], whole: int) -> list[str]:
    rows = [f"{count / whole:7.1%}  {function}" for function, count in counts.most_common(ROWS)]
    return [f"\n{title}", *rows]
