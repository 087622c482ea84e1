"""What every server under test begins with, made once: a migrated database with its people, static files.

The test processes of ``make test`` share one folder of it, which the environment names. A pytest that is
started by itself has one of its own.
"""

from __future__ import annotations

import atexit
import fcntl
import hashlib
import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

from tests.harness.database import Database, PostgresDatabase, SqliteFile, database_for, is_postgresql

ROOT = Path(__file__).resolve().parents[2]
SECRET_KEY = "t3st-only-9f2b7c61d8e04a55b3aa17c0e6f4d2918b7705cc"
#: The environment's name for the shared folder; who names it calls ``drop`` at the end.
SHARED = "TESTS_PREPARED"


def environment(data: Path, **more: str) -> dict[str, str]:
    """The process's environment without what a developer's ``.env`` or shell may say."""
    kept = {name: os.environ[name] for name in ("PATH", "HOME", "LANG", "VIRTUAL_ENV") if name in os.environ}
    return {
        **kept,
        "SECRET_KEY": SECRET_KEY,
        "DATA_DIR": str(data),
        "DEBUG": "false",
        "ENV_FILE": os.devnull,
        **more,
    }


@cache
def prepared_data(members: int, database_url: str) -> tuple[Path, Database, dict[str, Any]]:
    """A migrated data directory with its people, which is copied from then on."""
    kind = hashlib.sha256(database_url.encode()).hexdigest()[:8] if is_postgresql(database_url) else "sqlite"

    def migrate(folder: Path) -> None:
        data = folder / "data"
        data.mkdir()
        database = database_for(data, database_url)
        note(folder, database)
        manage("migrate", "--verbosity", "0", data=data, **database.variables)

    def populate(folder: Path) -> None:
        data = folder / "data"
        empty = once(f"{kind}-migrated", migrate)
        shutil.copytree(empty / "data", data)
        database = noted(empty).copy_to(data)
        note(folder, database)
        people = python("-m", "tests.harness.populate", str(members), data=data, **database.variables)
        (folder / "people.json").write_text(people)

    folder = once(f"{kind}-{members}", populate)
    return folder / "data", noted(folder), json.loads((folder / "people.json").read_text())


@cache
def static_files() -> Path:
    """The static files under their hashed names."""
    return once(
        "static",
        lambda folder: manage(
            "collectstatic", "--noinput", "--verbosity", "0", data=folder, STATIC_ROOT=str(folder)
        ),
    )


def manage(*command: str, data: Path, **variables: str) -> None:
    python("manage.py", *command, data=data, **variables)


def python(*arguments: str, data: Path, **variables: str) -> str:
    """What it prints."""
    command, told = [sys.executable, *arguments], environment(data, **variables)
    return subprocess.run(command, cwd=ROOT, env=told, check=True, stdout=subprocess.PIPE, text=True).stdout


@cache
def shared() -> Path:
    if named := os.environ.get(SHARED):
        return Path(named)
    folder = Path(tempfile.mkdtemp(prefix="parley-prepared-"))
    atexit.register(drop, folder)
    return folder


def once(name: str, make: Callable[[Path], None]) -> Path:
    """The folder of this name, filled by the first process that asks for it; others wait meanwhile."""
    folder = shared() / name
    with (shared() / f"{name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (folder / ".made").exists():
            shutil.rmtree(folder, ignore_errors=True)  # of one that failed
            folder.mkdir()
            make(folder)
            (folder / ".made").touch()
    return folder


def note(folder: Path, database: Database) -> None:
    """Say which database belongs to the folder, for other processes and for ``drop``."""
    if isinstance(database, PostgresDatabase):
        (folder / "database.json").write_text(json.dumps([database.server, database.name]))


def noted(folder: Path) -> Database:
    file = folder / "database.json"
    return PostgresDatabase(*json.loads(file.read_text())) if file.exists() else SqliteFile(folder / "data")


def drop(folder: Path) -> None:
    """Everything that was prepared there."""
    for file in folder.glob("*/database.json"):
        noted(file.parent).drop()
    shutil.rmtree(folder, ignore_errors=True)
