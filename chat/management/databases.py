"""The database as one file: a snapshot of it while servers work on it, and such a file in its place.

SQLite is copied through its own backup interface. PostgreSQL is left to ``pg_dump`` and ``pg_restore``.
"""

from __future__ import annotations

import os
import shutil
import sqlite3
import subprocess
from collections.abc import Callable, Iterable
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from django.core.management.base import CommandError
from django.db import connection, connections, transaction
from django.db.backends.postgresql.client import DatabaseClient

from chat.models import Conversation, KnowledgeFile, Message, Organization, User

Rows = Callable[[str], Iterable[tuple[Any, ...]]]

COUNTED = {
    "users": User,
    "organizations": Organization,
    "conversations": Conversation,
    "messages": Message,
    "documents": KnowledgeFile,
}
#: Pages that SQLite copies between two looks at whether somebody has pressed Ctrl + C.
PAGES = 2000


@dataclass(frozen=True, slots=True)
class Contents:
    migrations: list[str]
    counts: dict[str, int]


def contents_of(rows: Rows) -> Contents:
    return Contents(
        migrations=[
            f"{app}.{name}" for app, name in rows("SELECT app, name FROM django_migrations ORDER BY id")
        ],
        counts={
            noun: count
            for noun, model in COUNTED.items()
            for (count,) in rows(f"SELECT count(*) FROM {model._meta.db_table}")  # noqa: S608 (our own names)
        },
    )


class SqliteFile:
    def __init__(self) -> None:
        self.path = Path(connection.settings_dict["NAME"])

    def snapshot(self, target: Path) -> Contents:
        """The reading transaction fixes the moment: without it each write in between would begin the copy
        anew. Writers do not wait for a reader; the write-ahead log grows meanwhile."""
        if not self.path.is_file():
            raise CommandError(f"There is no database to back up: {self.path} does not exist.")
        source = sqlite3.connect(f"{self.path.as_uri()}?mode=rw", uri=True, timeout=20, isolation_level=None)
        with closing(source), closing(sqlite3.connect(target)) as copy:
            source.execute("BEGIN")
            source.execute("SELECT count(*) FROM sqlite_master").fetchone()
            source.backup(copy, pages=PAGES)
            copy.execute("PRAGMA journal_mode=DELETE")
            check_integrity(copy)
            return contents_of(copy.execute)

    def check(self, source: Path) -> None:
        with closing(sqlite3.connect(source)) as database:
            check_integrity(database)

    def replace(self, source: Path, aside: Path) -> str:
        connections.close_all()
        for suffix in ("", "-wal", "-shm"):
            if (old := self.path.with_name(self.path.name + suffix)).exists():
                shutil.move(old, aside / old.name)
        self.path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        shutil.move(source, self.path)
        return ""

    def set_aside(self, aside: Path) -> str:
        return ""


def check_integrity(database: sqlite3.Connection) -> None:
    found: str = database.execute("PRAGMA integrity_check(1)").fetchone()[0]
    if found != "ok":
        raise CommandError(f"The database is damaged: {found}")


def schema_of(aside: Path) -> str:
    return aside.name.replace("-", "_").lower()


class PostgresqlDatabase:
    def __init__(self) -> None:
        arguments, environment = DatabaseClient.settings_to_cmd_args_env(connection.settings_dict, [])
        self._login = [*arguments[1:-1], f"--dbname={arguments[-1]}"]
        self._environment = {**os.environ, **(environment or {})}

    def snapshot(self, target: Path) -> Contents:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
            cursor.execute("SELECT pg_export_snapshot(), current_schema()")
            moment, schema = cursor.fetchone()
            self._run(
                "pg_dump", "--format=custom", f"--schema={schema}", f"--snapshot={moment}", f"--file={target}"
            )

            def rows(query: str) -> list[tuple[Any, ...]]:
                cursor.execute(query)
                found: list[tuple[Any, ...]] = cursor.fetchall()
                return found

            return contents_of(rows)

    def check(self, source: Path) -> None:
        self._program("pg_restore")

    def replace(self, source: Path, aside: Path) -> str:
        """The old tables go into a schema of the name of ``aside``, and come back if it fails."""
        with connection.cursor() as cursor:
            cursor.execute("SELECT current_schema()")
            (schema,) = cursor.fetchone()
        old = schema_of(aside)
        self._execute(f'ALTER SCHEMA "{schema}" RENAME TO "{old}"', f'CREATE SCHEMA "{schema}"')
        try:
            self._run(
                "pg_restore", f"--schema={schema}", "--exit-on-error", "--single-transaction", str(source)
            )
        except CommandError:
            self._execute(f'DROP SCHEMA "{schema}" CASCADE', f'ALTER SCHEMA "{old}" RENAME TO "{schema}"')
            raise
        return old

    def set_aside(self, aside: Path) -> str:
        """The schema to which ``replace`` has moved the old tables; empty when they are in their place."""
        connections.close_all()
        with connection.cursor() as cursor:
            cursor.execute("SELECT nspname FROM pg_namespace WHERE nspname = %s", [schema_of(aside)])
            found = cursor.fetchone()
        return str(found[0]) if found else ""

    def _execute(self, *statements: str) -> None:
        with transaction.atomic(), connection.cursor() as cursor:
            for statement in statements:
                cursor.execute(statement)
        connections.close_all()

    def _run(self, program: str, *arguments: str) -> None:
        command = [self._program(program), *self._login, "--no-owner", "--no-privileges", *arguments]
        done = subprocess.run(  # noqa: S603
            command,
            env=self._environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode:
            raise CommandError(f"{program} failed: {done.stderr.strip()}")

    @staticmethod
    def _program(name: str) -> str:
        if found := shutil.which(name):
            return found
        raise CommandError(
            f"{name} is not installed here. It comes with PostgreSQL's client programs (Debian, Ubuntu: "
            "apt-get install postgresql-client), and must not be older than the database server."
        )


def database() -> SqliteFile | PostgresqlDatabase:
    return PostgresqlDatabase() if connection.vendor == "postgresql" else SqliteFile()
