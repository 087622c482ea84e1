"""PostgreSQL's own: the encoding, and connections enough for every process's pool."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.db import connection
from django.utils.translation import gettext as _

from chat.db import in_database
from chat.doctor.findings import Finding, Subject
from chat.doctor.processes import living


@dataclass(frozen=True, slots=True)
class Seen:
    encoding: str
    max_connections: int
    reserved: int
    used: int
    processes: int


async def examine_postgresql() -> list[Finding]:
    seen = await in_database(_look)
    return [encoding(seen.encoding), connections(seen)]


def _look() -> Seen:
    with connection.cursor() as cursor:
        names = ("server_encoding", "max_connections", "superuser_reserved_connections")
        shown = [_shown(cursor, name) for name in names]
        cursor.execute("SELECT count(*) FROM pg_stat_activity WHERE backend_type = 'client backend'")
        used = cursor.fetchone()[0]
    return Seen(shown[0], int(shown[1]), int(shown[2]), used, living().count())


def _shown(cursor: Any, name: str) -> str:
    cursor.execute(f"SHOW {name}")
    return str(cursor.fetchone()[0])


def encoding(found: str) -> Finding:
    subject = Subject("database.encoding", _("Encoding of the database"))
    if found == "UTF8":
        return subject.ok(found)
    return subject.wrong(
        _("%(found)s: not every character can be stored.") % {"found": found},
        _("Make a new database and move the data: createdb --encoding=UTF8 --template=template0 parley"),
    )


def connections(seen: Seen) -> Finding:
    subject = Subject("database.connections", _("Connections of the database"))
    pool = connection.settings_dict["OPTIONS"].get("pool")
    each = pool.get("max_size", 4) if isinstance(pool, dict) else 0
    processes = max(seen.processes, 1)
    free = seen.max_connections - seen.reserved
    named = {
        "each": each,
        "processes": processes,
        "needed": each * processes,
        "free": free,
        "used": seen.used,
    }
    if not each:
        return subject.warning(
            _("There is no pool: every request opens a connection."),
            _("Take `pool` out of the options of DATABASE_URL, so that the default holds."),
        )
    found = (
        _("%(processes)d × %(each)d at most of the %(free)d that the server allows; %(used)d are open.")
        % named
    )
    if each * processes <= free:
        return subject.ok(found)
    return subject.wrong(
        found, _("Raise max_connections in postgresql.conf above %(needed)d, or run fewer processes.") % named
    )
