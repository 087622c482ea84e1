"""SQLite's writers, of whom there is one at a time: here they queue, within a process and between them.

SQLite's own way of waiting is to sleep, up to 100 ms, and to try again, and the order is chance. Under a
burst that costs seconds in which nobody works; and a process whose threads hand the lock on to each other
leaves none of it to another process.
"""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from functools import cache
from threading import RLock
from time import monotonic, sleep

from django.db import OperationalError, connection, transaction

#: SQLite's own ``timeout`` (``config.environment``).
SECONDS = 20
#: The process that is next may stand still. Without it the others are as fast, and less fair.
NEXT_SECONDS = 2
LOOK_SECONDS = 0.001

_threads = RLock()


@contextmanager
def turn() -> Iterator[None]:
    """A transaction in its turn. As long as SQLite itself waits for another process: who is behind somebody
    who waits for that long is told the same."""
    if not _threads.acquire(timeout=SECONDS):
        raise OperationalError("database is locked")
    try:
        with ExitStack() as stack:
            with _next():
                stack.enter_context(transaction.atomic())
            yield
    finally:
        _threads.release()


@contextmanager
def _next() -> Iterator[None]:
    """Of several processes one at a time asks SQLite for its lock, and has it as soon as it is free; the one
    that had it queues again. (A lock that is waited for in the kernel would have no time limit.)"""
    line = _line(str(connection.settings_dict["NAME"]))
    if line is None:
        yield
        return
    end = monotonic() + NEXT_SECONDS
    while not _taken(line) and monotonic() < end:
        sleep(LOOK_SECONDS)
    try:
        yield
    finally:
        with suppress(OSError):
            fcntl.flock(line, fcntl.LOCK_UN)


@cache
def _line(database: str) -> int | None:
    """A file beside the database, open as long as this process lives. None where it cannot be had: somebody
    else made it (root, say, with a command), or the disk is full."""
    try:
        return os.open(f"{database}-queue", os.O_RDWR | os.O_CREAT, 0o600)
    except OSError:
        return None


def _taken(line: int) -> bool:
    """Or there is nothing to wait for: not every file system has such locks."""
    try:
        fcntl.flock(line, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        return not isinstance(error, BlockingIOError)
    return True
