"""The machine that measures: which core does what, and what there is to say about it beside the figures."""

from __future__ import annotations

import os
import platform
import resource
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.metadata import version

#: The server under test has the first core for itself; the load and the upstream share the second.
CORES = sorted(os.sched_getaffinity(0))
SERVER_CORE, LOAD_CORE = CORES[0], CORES[-1]
PACKAGES = ("django", "channels", "daphne", "uvloop", "aiohttp", "httpx", "orjson")


@contextmanager
def on_core(core: int) -> Iterator[None]:
    """Processes that are started in the block stay on this core, with all their threads."""
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {core})
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)


def allow_many_files() -> None:
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))


def description() -> str:
    load = " ".join(f"{value:.2f}" for value in os.getloadavg())
    packages = ", ".join(f"{name} {version(name)}" for name in PACKAGES)
    return (
        f"{platform.machine()}, {len(CORES)} cores, load average at the start {load}\n"
        f"Python {platform.python_version()}, {packages}"
    )
