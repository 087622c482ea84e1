"""The database: whether it answers, keeps what it is given, and is set up as the product needs it."""

from __future__ import annotations

import sqlite3
import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass

from django.db import Error as DatabaseError
from django.db import connection, transaction
from django.db.migrations.executor import MigrationExecutor
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from chat.db import in_database, transact
from chat.doctor.findings import Finding, Subject
from chat.doctor.postgresql import examine_postgresql
from chat.doctor.sqlite import examine_sqlite
from chat.models import ProcessLease

ROUND_TRIPS = 5
SLOW_ROUND_TRIP = 0.02
SLOW_WRITE = 0.5


@dataclass(frozen=True, slots=True)
class Seen:
    version: str
    round_trip: float
    pending: list[str]


async def examine_database() -> list[Finding]:
    reachable = Subject("database.reachable", _("Database"))
    try:
        seen = await in_database(_look)
    except DatabaseError as error:
        return [reachable.wrong(_("It does not answer: %(reason)s.") % {"reason": reason(error)}, where())]
    findings = [answers(reachable, seen), migrations(seen.pending)]
    if not seen.pending:
        findings.append(await writes())
    return findings + await (examine_sqlite() if connection.vendor == "sqlite" else examine_postgresql())


def _look() -> Seen:
    with connection.cursor() as cursor:
        if connection.vendor == "sqlite":
            version = f"SQLite {sqlite3.sqlite_version}"
        else:
            cursor.execute("SHOW server_version")
            version = f"PostgreSQL {cursor.fetchone()[0]}"
        trips = [_timed(lambda: cursor.execute("SELECT 1")) for _trip in range(ROUND_TRIPS)]
    executor = MigrationExecutor(connection)
    plan = executor.migration_plan(executor.loader.graph.leaf_nodes())
    return Seen(version, statistics.median(trips), [f"{one.app_label}.{one.name}" for one, _back in plan])


def _timed(work: Callable[[], object]) -> float:
    begun = time.perf_counter()
    work()
    return time.perf_counter() - begun


def reason(error: Exception) -> str:
    """The first line of what the driver says; it names hosts and files, never a password."""
    return (str(error).strip().splitlines() or [type(error).__name__])[0].rstrip(".")


def where() -> str:
    if connection.vendor == "sqlite":
        return _("See that %(path)s is there and belongs to the server's user, or set DATABASE_URL.") % {
            "path": connection.settings_dict["NAME"]
        }
    return _(
        "See that the database server runs and that DATABASE_URL has its address, such as "
        "DATABASE_URL=postgres://parley:password@127.0.0.1/parley"
    )


def answers(subject: Subject, seen: Seen) -> Finding:
    found = _("%(version)s answers in %(milliseconds).1f ms.") % {
        "version": seen.version,
        "milliseconds": seen.round_trip * 1000,
    }
    if seen.round_trip < SLOW_ROUND_TRIP:
        return subject.ok(found)
    return subject.warning(found, _("Every page waits for several answers: bring the database nearer."))


def migrations(pending: list[str]) -> Finding:
    subject = Subject("database.migrations", _("Migrations"))
    if not pending:
        return subject.ok(_("All applied."))
    found = ngettext(
        "%(count)d is not applied: %(names)s.", "%(count)d are not applied: %(names)s.", len(pending)
    ) % {"count": len(pending), "names": ", ".join(pending[:3]) + ("…" if len(pending) > 3 else "")}
    return subject.wrong(found, _("Make a backup, then: manage.py migrate"))


async def writes() -> Finding:
    """One row in a transaction that is rolled back."""
    subject = Subject("database.write", _("Writing to the database"))
    try:
        seconds, stayed = await in_database(_write_and_take_back)
    except DatabaseError as error:
        return subject.wrong(
            _("It failed: %(reason)s.") % {"reason": reason(error)},
            _("See that the disk has room, that the database is not read-only, and who holds a lock on it."),
        )
    found = _("A row was written and taken back in %(milliseconds).1f ms.") % {"milliseconds": seconds * 1000}
    if stayed:
        return subject.wrong(
            _("A row was written, and could not be taken back."),
            _("Use a database with transactions: PostgreSQL, or SQLite on a local disk."),
        )
    if seconds > SLOW_WRITE:
        return subject.warning(
            found, _("Put the database on a faster disk, or see who holds locks: replies wait for it.")
        )
    return subject.ok(found)


def _write_and_take_back() -> tuple[float, bool]:
    begun = time.perf_counter()
    with transact():
        row = ProcessLease.objects.create(name="doctor")
        transaction.set_rollback(True)
    return time.perf_counter() - begun, ProcessLease.objects.filter(pk=row.pk).exists()
