"""Where the server spends its time: py-spy's samples, as two tables of functions, and in short by the parts
that they belong to."""

from __future__ import annotations

import asyncio
import sys
import tempfile
from collections import Counter
from pathlib import Path

from benchmarks import table

ROWS = 40
#: By the beginning of a file's name, as py-spy shortens it; what is in none, such as the standard library,
#: counts for the one that called it.
PARTS = {
    "asyncio/": "event loop",
    "twisted/internet/asyncioreactor.py": "event loop",
    **dict.fromkeys(("twisted/", "autobahn/", "daphne/", "channels/"), "Daphne, Autobahn, Twisted"),
    **dict.fromkeys(("aiohttp/", "httpx/", "httpx_aiohttp/", "httpcore/", "yarl/"), "aiohttp, httpx"),
    **dict.fromkeys(("psycopg/", "psycopg_pool/"), "psycopg"),
    **dict.fromkeys(("django/", "asgiref/"), "Django"),
    **dict.fromkeys(("redis/", "channels_redis/"), "Redis's client"),
    "config/": "config",
}
OTHER = "Python"
#: Parts below this share are one line together.
SMALL = 0.01
NAMED = 3
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
            "",
            summary(samples),
        ]
    )


def section(title: str, counts: Counter[str], whole: int) -> list[str]:
    rows = [f"{count / whole:7.1%}  {function}" for function, count in counts.most_common(ROWS)]
    return [f"\n{title}", *rows]


def summary(samples: str) -> str:
    """A table in Markdown: the share of each part, and in which of its functions most of it was."""
    parts: dict[str, Counter[str]] = {}
    for line in samples.splitlines():
        stack, _, count = line.rpartition(" ")
        part, function = next(
            ((found, function) for function in reversed(stack.split(";")) if (found := part_of(function))),
            (OTHER, ""),
        )
        parts.setdefault(part, Counter())[function.partition(" ")[0]] += int(count)
    whole = sum(counts.total() for counts in parts.values()) or 1
    ordered = sorted(parts.items(), key=lambda item: -item[1].total())
    large = [(part, counts) for part, counts in ordered if counts.total() >= SMALL * whole]
    rest = 1 - sum(counts.total() for _, counts in large) / whole
    body = [
        (
            part,
            f"{counts.total() / whole:.1%}",
            ", ".join(f"`{function}` {count / whole:.1%}" for function, count in counts.most_common(NAMED)),
        )
        for part, counts in large
    ]
    return table.rows(("part", "share", "most of it in"), [*body, ("everything else", f"{rest:.1%}", "")])


def part_of(function: str) -> str:
    """Which part it belongs to; empty for none. ``function``: its name, and file and line in brackets."""
    file = function.rpartition("(")[2]
    if file.startswith("chat/"):
        return "`" + ".".join(file.partition(":")[0].removesuffix(".py").split("/")[:2]) + "`"
    found = [name for name in PARTS if file.startswith(name)]
    return PARTS[max(found, key=len)] if found else ""
