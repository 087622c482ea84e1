"""Database work from the event loop: one synchronous function, one hop, in a bounded pool of threads."""

from __future__ import annotations

import asyncio
import logging
import sqlite3
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from functools import partial
from threading import get_ident
from time import monotonic
from typing import Any, ParamSpec, TypeVar

from django.db import (
    DEFAULT_DB_ALIAS,
    Error,
    InterfaceError,
    InternalError,
    OperationalError,
    connection,
    connections,
    transaction,
)
from django.db.models import QuerySet
from django.utils.functional import Promise
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from chat import writers
from chat.exceptions import ChatError, Internal, StorageBusy, StorageFull
from chat.metrics import REGISTRY

P = ParamSpec("P")
T = TypeVar("T")

logger = logging.getLogger(__name__)

#: The threads that work at this moment.
_busy: set[int] = set()

#: ``disk_full`` in the list of PostgreSQL's error codes.
POSTGRESQL_FULL = "53100"
#: ``query_canceled`` there: the statement took longer than it may.
POSTGRESQL_GIVEN_UP = "57014"
#: ``idle_in_transaction_session_timeout`` there.
POSTGRESQL_STOOD_STILL = "25P03"
#: So many steps of SQLite's machine lie between two looks at the clock: well below a millisecond.
LOOK_STEPS = 1000

#: Much longer than what many need is kept, and well below a lease.
WAIT_BRIEFLY = "SET LOCAL lock_timeout = '2s'"
HOLD_BRIEFLY = "SET LOCAL idle_in_transaction_session_timeout = '1s'"
#: So long the beat waits for its connection; the next one tries again. The looks do the same.
BEAT_CONNECT_SECONDS = 3


def _leave_pool() -> None:
    """This thread gets a connection of its own: requests may keep all of the pool's for longer than a lease
    holds."""
    own = connections.create_connection(DEFAULT_DB_ALIAS)
    if own.vendor == "postgresql":
        options = {"connect_timeout": BEAT_CONNECT_SECONDS, **own.settings_dict["OPTIONS"], "pool": None}
        own.settings_dict = {**own.settings_dict, "OPTIONS": options}
        connections[DEFAULT_DB_ALIAS] = own


#: Eight threads bound the connections of a process. Channels' own helper shares one thread among all
#: sockets (20 queries of 0.3 s took 6 s); a thread for each socket costs 99 KB a socket.
POOL = ThreadPoolExecutor(8, thread_name_prefix="database")
LOOK = ThreadPoolExecutor(1, thread_name_prefix="look", initializer=_leave_pool)
BEAT = ThreadPoolExecutor(1, thread_name_prefix="beat", initializer=_leave_pool)


async def in_database(function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    """Run ``function`` in the pool and give its connection back, so that nothing holds one while it waits.

    If the awaiting task is cancelled, a function that has begun runs to its end; one that waits for a thread
    never begins.
    """
    return await asyncio.get_running_loop().run_in_executor(POOL, partial(_call, function, *args, **kwargs))


async def at_once(function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    """The same in a thread and on a connection for which no request waits: for what the engine looks at."""
    return await asyncio.get_running_loop().run_in_executor(LOOK, partial(_call, function, *args, **kwargs))


async def in_time(function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    """The same for the beat alone, without which a process counts as dead. It may ask for nothing but leases:
    whoever locks the replies would keep it waiting."""
    return await asyncio.get_running_loop().run_in_executor(BEAT, partial(_call, function, *args, **kwargs))


async def unless_away(function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T | None:
    """The same for who asks again and again; None while the database is away or locked."""
    try:
        return await in_database(function, *args, **kwargs)
    except Error as error:
        if not comes_back(error):
            raise
        return None


def give_back() -> None:
    """Before something else is waited for: PostgreSQL's connections are few. A transaction keeps its own."""
    for one in connections.all(initialized_only=True):
        if one.vendor != "sqlite" and not one.in_atomic_block:
            one.close()


@contextmanager
def transact() -> Iterator[None]:
    """A transaction that writes. SQLite's queue for it (``chat.writers``). Inside another transaction there
    is nothing to queue for: that one has SQLite's lock, and waiting for its turn could wait for somebody who
    waits for it.

    One that PostgreSQL has ended because it stood still (``hold_briefly``) is an ``OperationalError``, as is
    every other fault that does not come again."""
    queues = connection.vendor == "sqlite" and not connection.in_atomic_block
    try:
        with writers.turn() if queues else transaction.atomic():
            yield
    except InternalError as error:
        if getattr(error.__cause__, "sqlstate", None) == POSTGRESQL_STOOD_STILL:
            raise OperationalError(*error.args) from error.__cause__
        raise


@contextmanager
def time_limit(seconds: float, sentence: str | Promise) -> Iterator[None]:
    """What is read within and takes longer is given up: ``StorageBusy`` with the sentence."""
    limited = _sqlite_limit if connection.vendor == "sqlite" else _postgresql_limit
    try:
        with limited(seconds):
            yield
    except OperationalError as error:
        cause: Any = error.__cause__
        codes = getattr(cause, "sqlite_errorcode", None), getattr(cause, "sqlstate", None)
        if codes in ((sqlite3.SQLITE_INTERRUPT, None), (None, POSTGRESQL_GIVEN_UP)):
            raise StorageBusy(sentence) from error
        raise


@contextmanager
def _sqlite_limit(seconds: float) -> Iterator[None]:
    connection.ensure_connection()
    raw: Any = connection.connection
    end = monotonic() + seconds
    raw.set_progress_handler(lambda: monotonic() > end, LOOK_STEPS)
    try:
        yield
    finally:
        raw.set_progress_handler(None, 0)


@contextmanager
def _postgresql_limit(seconds: float) -> Iterator[None]:
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET LOCAL statement_timeout = %s", [f"{int(seconds * 1000)}ms"])
        yield
        cursor.execute("SET LOCAL statement_timeout TO DEFAULT")


def wait_briefly() -> None:
    """From here to its end the transaction waits at most so long for each lock; then it is an
    ``OperationalError``. (SQLite's writers queue before they begin.)"""
    _set_local(WAIT_BRIEFLY)


def hold_briefly() -> None:
    """The same for rows that many need, which are taken last. Should this process stand still before the end,
    PostgreSQL ends the transaction: sooner than others have waited too long."""
    _set_local(f"{WAIT_BRIEFLY}; {HOLD_BRIEFLY}")


def _set_local(statement: str) -> None:
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute(statement)


def held(rows: QuerySet[Any]) -> bool:
    """Whether there is such a row, which nobody changes before the transaction ends. Any number of
    transactions hold it at the same time, and whoever wants to change it waits for them. (Of SQLite's
    transactions that write there is only one.)"""
    if connection.vendor != "postgresql":
        return rows.exists()
    sql, parameters = rows.order_by().values("pk").query.sql_with_params()
    with connection.cursor() as cursor:
        cursor.execute(f"{sql} FOR SHARE", parameters)  # Django knows only locks that are one's own
        return cursor.fetchone() is not None


def refusal(error: Error) -> ChatError:
    """What people are told when the database did not do what it was asked. If asking again would not help, it
    is a fault of ours, and logged."""
    if not comes_back(error):
        logger.error("database_fault", exc_info=error)
        return Internal()
    cause = error.__cause__
    full = (
        getattr(cause, "sqlite_errorcode", None) == sqlite3.SQLITE_FULL
        or getattr(cause, "sqlstate", None) == POSTGRESQL_FULL
    )
    return StorageFull() if full else StorageBusy()


def comes_back(error: BaseException | None) -> bool:
    """Whether a database that is away or locked is why, and not what it was asked: SQLite has one class of
    errors for all of them, and a code for the last."""
    if not isinstance(error, (InterfaceError, OperationalError)):
        return False
    return getattr(error.__cause__, "sqlite_errorcode", None) != sqlite3.SQLITE_ERROR


class DatabaseCollector(Collector):
    """What the pool of threads does and, with PostgreSQL, the pool of connections."""

    def collect(self) -> Iterator[Metric]:
        yield GaugeMetricFamily("parley_database_threads_busy", "Database calls that run.", len(_busy))
        yield GaugeMetricFamily(
            "parley_database_calls_waiting",
            "Database calls that wait for a thread.",
            POOL._work_queue.qsize(),
        )
        pool: Any = getattr(connections["default"], "pool", None)
        stats: dict[str, int] = pool.get_stats() if pool else {}
        used = GaugeMetricFamily(
            "parley_database_connections", "Connections of the pool (PostgreSQL).", labels=["state"]
        )
        if pool:
            idle = stats.get("pool_available", 0)
            used.add_metric(["used"], stats.get("pool_size", 0) - idle)
            used.add_metric(["idle"], idle)
        yield used
        yield GaugeMetricFamily(
            "parley_database_connections_waiting",
            "Calls that wait for a connection of the pool (PostgreSQL).",
            stats.get("requests_waiting", 0),
        )


REGISTRY.register(DatabaseCollector())


def _call(function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    _busy.add(get_ident())
    try:
        return function(*args, **kwargs)
    finally:
        _busy.discard(get_ident())
        for connection in connections.all(initialized_only=True):
            # PostgreSQL's goes back to its pool. SQLite's stays with its thread, and so do the beat's and the
            # looks': opening one costs more than most of what is asked of it.
            if connection.errors_occurred or getattr(connection, "pool", None):
                connection.close()
