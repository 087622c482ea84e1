"""SQLite's own: the options without which writes are lost, the file's integrity, and its log."""

from __future__ import annotations

import sqlite3
import time
from contextlib import closing
from pathlib import Path
from urllib.parse import quote

from django.db import connection
from django.utils.translation import gettext as _

from chat.db import in_database
from chat.doctor.findings import Finding, Subject, size

#: As ``config/environment.py`` sets them; ``synchronous`` 2 is FULL.
EXPECTED = {"journal_mode": "wal", "synchronous": 2, "foreign_keys": 1, "busy_timeout": 20_000}
TRANSACTION_MODE = "IMMEDIATE"
CHECK_SECONDS = 5.0
#: SQLite's own name for how often the progress handler is called; a few milliseconds of work.
OPERATIONS_BETWEEN_LOOKS = 100_000
LARGE_LOG = 256_000_000


async def examine_sqlite() -> list[Finding]:
    found = await in_database(_options)
    file = Path(str(connection.settings_dict["NAME"]))
    return [options(found), integrity(file, await in_database(_quick_check, file)), log(file)]


def _options() -> dict[str, object]:
    """What a connection of the application really has."""
    with connection.cursor() as cursor:
        read = {name: cursor.execute(f"PRAGMA {name}").fetchone()[0] for name in EXPECTED}
    return {**read, "transaction_mode": connection.settings_dict["OPTIONS"].get("transaction_mode")}


def options(found: dict[str, object]) -> Finding:
    subject = Subject("database.options", _("SQLite's options"))
    expected = {**EXPECTED, "transaction_mode": TRANSACTION_MODE}
    strays = [f"{name}={found[name]}" for name, value in expected.items() if found[name] != value]
    if not strays:
        return subject.ok(_("WAL, synchronous FULL, IMMEDIATE transactions, 20 s time-out."))
    return subject.wrong(
        _("Not as they have to be: %(options)s.") % {"options": ", ".join(strays)},
        _(
            "Take the options out of DATABASE_URL, and put DATA_DIR on a local disk: network file systems "
            "have no WAL."
        ),
    )


def _quick_check(file: Path) -> str | None:
    """What SQLite says, ``ok`` if all is well; ``None`` if the time did not suffice."""
    end = time.monotonic() + CHECK_SECONDS
    with closing(sqlite3.connect(f"file:{quote(str(file))}?mode=ro", uri=True, timeout=5)) as database:
        database.set_progress_handler(lambda: time.monotonic() > end, OPERATIONS_BETWEEN_LOOKS)
        try:
            return str(database.execute("PRAGMA quick_check(1)").fetchone()[0])
        except sqlite3.OperationalError as error:
            if time.monotonic() > end:
                return None
            return str(error)
        except sqlite3.DatabaseError as error:
            return str(error)


def integrity(file: Path, said: str | None) -> Finding:
    subject = Subject("database.integrity", _("Integrity of the database"))
    named = {"file": file, "size": size(file.stat().st_size)}
    if said == "ok":
        return subject.ok(_("No damage in %(file)s (%(size)s).") % named)
    if said is None:
        return subject.warning(
            _("%(file)s (%(size)s) is too large to look through in a few seconds.") % named,
            _('Look at a quiet time: sqlite3 %(file)s "PRAGMA quick_check"') % named,
        )
    return subject.wrong(
        _("%(file)s is damaged: %(said)s.") % {**named, "said": said.splitlines()[0]},
        _('Stop the server, keep a copy, and restore the newest backup (docs/operate.md, "Backup").'),
    )


def log(file: Path) -> Finding:
    subject = Subject("database.log", _("SQLite's log"))
    wal = Path(f"{file}-wal")
    length = wal.stat().st_size if wal.exists() else 0
    found = _("%(size)s in %(file)s.") % {"size": size(length), "file": wal.name}
    if length <= LARGE_LOG:
        return subject.ok(found)
    return subject.warning(
        found,
        _("Something reads without end and keeps the log from being written back: end it."),
    )
