"""The database of a server under test: a file in its data directory or, where ``DATABASE_URL`` names a
PostgreSQL server, a database of its own there. Both are read and changed beside the server."""

from __future__ import annotations

import re
import sqlite3
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID, uuid4

import psycopg
from psycopg import sql


class SqliteFile:
    """Needs no ``DATABASE_URL``, and comes along when its data directory is copied."""

    def __init__(self, data: Path) -> None:
        self.path = data / "parley.sqlite3"
        self.variables: dict[str, str] = {}

    def copy_to(self, data: Path) -> SqliteFile:
        return SqliteFile(data)

    def rows(self, query: str, *values: object) -> list[tuple[Any, ...]]:
        with sqlite3.connect(f"file:{self.path}?mode=ro", uri=True, timeout=20) as database:
            return database.execute(query, values).fetchall()

    def execute(self, statement: str, *values: object) -> int:
        with sqlite3.connect(self.path, timeout=20) as database:
            return database.execute(statement, values).rowcount

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Another process has it for itself. Whoever only reads is served all the same."""
        with sqlite3.connect(self.path, isolation_level=None, timeout=20) as database:
            database.execute("BEGIN EXCLUSIVE")
            yield
            database.execute("ROLLBACK")

    def drop(self) -> None:
        """It goes with its data directory."""


class PostgresDatabase:
    """Takes SQLite's placeholders, and answers with its values: hexadecimal ids, 0 and 1."""

    def __init__(self, server: str, name: str) -> None:
        self.server, self.name = server, name
        self.url = urlsplit(server)._replace(path=f"/{name}").geturl()
        self.variables = {"DATABASE_URL": self.url}

    @classmethod
    def create(cls, server: str, template: str = "template1") -> PostgresDatabase:
        database = cls(server, f"parley_{uuid4().hex}")
        database._on_server(f'CREATE DATABASE "{database.name}" TEMPLATE "{template}"')
        return database

    def copy_to(self, data: Path) -> PostgresDatabase:
        return self.create(self.server, self.name)

    def rows(self, query: str, *values: object) -> list[tuple[Any, ...]]:
        with psycopg.connect(self.url) as database:
            found = database.execute(query.replace("?", "%s"), values).fetchall()  # type: ignore[call-overload]
        return [tuple(plain(value) for value in row) for row in found]

    def execute(self, statement: str, *values: object) -> int:
        with psycopg.connect(self.url) as database:
            return database.execute(statement.replace("?", "%s"), values).rowcount

    @contextmanager
    def locked(self, tables: str = "chat_message, chat_reply") -> Iterator[None]:
        """Another process has these for itself: nobody else can even read them. It takes all or none: if it
        had one and waited for the next, that could be a deadlock, of which PostgreSQL ends one side."""
        lock = sql.SQL("LOCK TABLE {} IN ACCESS EXCLUSIVE MODE NOWAIT").format(sql.SQL(tables))
        with psycopg.connect(self.url) as database:
            while True:
                with suppress(psycopg.errors.LockNotAvailable), database.transaction():
                    database.execute(lock)
                    yield
                    return
                time.sleep(0.01)

    def cut_waiting(self) -> bool:
        """Cut the connections that wait for what is ``locked``; whether there were any."""
        cut = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE wait_event_type = 'Lock'"
        return bool(self.rows(f"{cut} AND datname = current_database()"))

    @contextmanager
    def away(self) -> Iterator[None]:
        """It cuts all connections and takes no new ones, as when PostgreSQL is restarted."""
        self._on_server(f'ALTER DATABASE "{self.name}" ALLOW_CONNECTIONS false')
        try:
            with psycopg.connect(self.server, autocommit=True) as server:
                cut = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s"
                server.execute(cut, (self.name,))
            yield
        finally:
            self._on_server(f'ALTER DATABASE "{self.name}" ALLOW_CONNECTIONS true')

    def drop(self) -> None:
        self._on_server(f'DROP DATABASE IF EXISTS "{self.name}" WITH (FORCE)')

    def _on_server(self, statement: str) -> None:
        with psycopg.connect(self.server, autocommit=True) as database:
            database.execute(statement)


Database = SqliteFile | PostgresDatabase


def is_postgresql(url: str) -> bool:
    return bool(re.match("postgres(ql)?:", url))


def database_for(data: Path, url: str) -> Database:
    """A new one. ``url``: of the PostgreSQL server, or anything else for a file."""
    return PostgresDatabase.create(url) if is_postgresql(url) else SqliteFile(data)


def plain(value: Any) -> Any:
    match value:
        case UUID():
            return value.hex
        case bool():
            return int(value)
        case _:
            return value
