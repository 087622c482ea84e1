"""Targets with all that they need around them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

from benchmarks import installation
from benchmarks.targets import MEMBERS, PRODUCT, RELAYS, Parley, Target, relay
from tests.harness.server import free_port
from tests.services import folder_of, own_redis, postgresql
from tests.simulator.process import SimulatorProcess


@contextmanager
def running(key: str) -> Iterator[Target]:
    """The target, with an upstream of its own."""
    with SimulatorProcess() as upstream:
        if key in RELAYS:
            with relay(key, upstream.url, installation.python()) as one:
                yield one
        else:
            with product(key, upstream.url) as (one,):
                yield one


@contextmanager
def product(
    key: str,
    upstream: str,
    *,
    processes: int = 1,
    members: int = MEMBERS,
    pages: bool = False,
    server: str = "",
    python: str = "",
) -> Iterator[list[Parley]]:
    """So many processes on one database, and where the key says so on a Redis of their own: another one's
    channels would reach it whatever its database's number. ``server``: the PostgreSQL to use; ``python``:
    what runs them instead of an operator's installation."""
    with ExitStack() as around:
        if key == "parley":
            server, python = "", python or installation.python()
        else:
            server = server or around.enter_context(postgresql())
            python = python or installation.python("production")
        redis_url = around.enter_context(new_redis()) if key == "production" else ""
        servers: list[Parley] = []
        for _ in range(processes):
            one = Parley(
                upstream,
                name=PRODUCT[key],
                database_url=server,
                redis_url=redis_url,
                beside=servers[0] if servers else None,
                members=members,
                pages=pages,
                python=python,
            )
            servers.append(around.enter_context(one))
        yield servers


@contextmanager
def new_redis() -> Iterator[str]:
    with folder_of("redis") as folder, own_redis(folder, free_port()) as url:
        yield url
