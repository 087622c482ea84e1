"""Database work from the event loop: one synchronous function, one hop, in a bounded pool of threads."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, nullcontext
from functools import partial
from threading import RLock
from typing import ParamSpec, TypeVar

from django.db import connection, connections, transaction

P = ParamSpec("P")
T = TypeVar("T")

_writer = RLock()

#: Eight threads bound the connections of a process. Channels' own helper shares one thread among all
#: sockets (20 queries of 0.3 s took 6 s); a thread for each socket costs 99 KB a socket.
POOL = ThreadPoolExecutor(8, thread_name_prefix="database")


async def in_database(function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    """Run ``function`` in the pool and give its connection back, so that nothing holds one while it waits.

    If the awaiting task is cancelled, a function that has begun runs to its end; one that waits for a thread
    never begins.
    """
    return await asyncio.get_running_loop().run_in_executor(POOL, partial(_call, function, *args, **kwargs))


@contextmanager
def transact() -> Iterator[None]:
    """A transaction that writes. Within this process SQLite's writers queue on a lock: its own way of
    waiting is to sleep and try again, which under a burst costs seconds in which nobody works. Inside
    another transaction there is nothing to queue for: that one has SQLite's lock, and waiting for ours
    could wait for somebody who waits for it."""
    queues = connection.vendor == "sqlite" and not connection.in_atomic_block
    with _writer if queues else nullcontext(), transaction.atomic():
        yield


def _call(function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    try:
        return function(*args, **kwargs)
    finally:
        for connection in connections.all(initialized_only=True):
            # PostgreSQL's goes back to its pool. SQLite's stays with its thread: opening one costs more
            # than most of what is asked of it.
            if connection.vendor != "sqlite" or connection.errors_occurred:
                connection.close()
