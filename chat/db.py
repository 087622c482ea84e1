"""Database work from the event loop: one synchronous function, one hop, in a bounded pool of threads."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import ParamSpec, TypeVar

from django.db import connections

P = ParamSpec("P")
T = TypeVar("T")

#: Eight threads bound the connections of a process. Channels' own helper shares one thread among all
#: sockets (20 queries of 0.3 s took 6 s); a thread for each socket costs 99 KB a socket.
POOL = ThreadPoolExecutor(8, thread_name_prefix="database")


async def in_database(function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    """Run ``function`` in the pool and give its connection back, so that nothing holds one while it waits.

    If the awaiting task is cancelled the function still runs to its end.
    """
    return await asyncio.get_running_loop().run_in_executor(POOL, partial(_call, function, *args, **kwargs))


def _call(function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    try:
        return function(*args, **kwargs)
    finally:
        for connection in connections.all(initialized_only=True):
            # PostgreSQL's goes back to its pool. SQLite's stays with its thread: opening one costs more
            # than most of what is asked of it.
            if connection.vendor != "sqlite" or connection.errors_occurred:
                connection.close()
