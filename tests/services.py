"""PostgreSQL and Redis for the tests.

    with postgresql() as url: ...               # the one that answers at its usual place, else our own
    with own_redis(folder, port) as url: ...    # always our own: tests end it and start it again

Own servers listen on 127.0.0.1, keep their files in a temporary folder and end with the block.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import psycopg
import redis

from tests.harness.server import free_port

DEADLINE = 60


class ServiceError(Exception):
    """A server did not start; the message carries the end of its own log."""


def postgresql_programs() -> Path | None:
    """The folder with ``postgres`` and ``initdb``; Debian keeps it off the PATH."""
    if found := shutil.which("postgres"):
        return Path(found).resolve().parent
    folders = Path("/usr/lib/postgresql").glob("*/bin/postgres")
    return max((path.parent for path in folders), key=lambda folder: float(folder.parent.name), default=None)


def answering_postgresql(port: int = 5432, roles: Sequence[str] = ("root", "postgres")) -> str | None:
    for role in roles:
        url = f"postgresql://{role}@127.0.0.1:{port}/postgres"
        if may_create_databases(url):
            return url
    return None


def may_create_databases(url: str) -> bool:
    try:
        with psycopg.connect(url, connect_timeout=3) as connection:
            asked = connection.execute(
                "SELECT rolsuper OR rolcreatedb FROM pg_roles WHERE rolname = current_user"
            ).fetchone()
    except psycopg.OperationalError:
        return False
    return asked is not None and bool(asked[0])


@contextlib.contextmanager
def postgresql() -> Iterator[str]:
    if found := answering_postgresql():
        yield found
        return
    with folder_of("postgres") as folder:
        port = free_port()
        with own_postgresql(folder, port) as url:
            yield url


@contextlib.contextmanager
def own_postgresql(folder: Path, port: int) -> Iterator[str]:
    """A new cluster without durability; never as root, which PostgreSQL refuses."""
    programs = postgresql_programs()
    if programs is None:
        raise ServiceError("PostgreSQL is not installed.")
    data = folder / "data"
    user = "postgres" if os.geteuid() == 0 else None
    make = [programs / "initdb", "-D", data, "-U", "postgres", "-A", "trust", "-E", "UTF8", "--no-sync"]
    subprocess.run(make, check=True, capture_output=True, cwd=folder, user=user, group=user)
    command = [programs / "postgres", "-D", data, "-p", str(port), "-k", folder]
    options = {
        "listen_addresses": "127.0.0.1",
        "fsync": "off",
        "full_page_writes": "off",
        "max_connections": "200",
    }
    for name, value in options.items():
        command += ["-c", f"{name}={value}"]
    # SIGINT is PostgreSQL's fast shutdown: it ends its sessions instead of waiting for them.
    url = f"postgresql://postgres@127.0.0.1:{port}/postgres"
    with running(command, folder / "log", lambda: may_create_databases(url), user=user, end=signal.SIGINT):
        yield url


def answers_redis(port: int) -> bool:
    try:
        with contextlib.closing(redis.Redis(port=port, socket_timeout=3)) as client:
            return bool(client.ping())
    except redis.RedisError:
        return False


@contextlib.contextmanager
def own_redis(folder: Path, port: int) -> Iterator[str]:
    """A server that keeps nothing on disk."""
    program = shutil.which("redis-server")
    if program is None:
        raise ServiceError("Redis is not installed.")
    command = [
        program,
        "--port",
        str(port),
        "--bind",
        "127.0.0.1",
        "--save",
        "",
        "--appendonly",
        "no",
        "--dir",
        folder,
    ]
    with running(command, folder / "log", lambda: answers_redis(port)):
        yield f"redis://127.0.0.1:{port}/0"


@contextlib.contextmanager
def folder_of(role: str) -> Iterator[Path]:
    """A temporary folder which, under root, the service's own user may write to where there is one."""
    with tempfile.TemporaryDirectory(prefix=f"parley-{role}-") as name:
        if os.geteuid() == 0 and role == "postgres":
            shutil.chown(name, role)
        yield Path(name)


@contextlib.contextmanager
def running(
    command: Sequence[str | Path],
    log: Path,
    ready: Callable[[], bool],
    *,
    user: str | None = None,
    end: signal.Signals = signal.SIGTERM,
) -> Iterator[None]:
    """The program, from the moment it is ready until the block ends; then it is ended by its pid."""
    with log.open("wb") as output:
        process = subprocess.Popen(
            command, stdout=output, stderr=subprocess.STDOUT, cwd=log.parent, user=user, group=user
        )
    try:
        wait_until(lambda: ready() or process.poll() is not None)
        if process.poll() is not None:
            raise ServiceError(
                f"{Path(command[0]).name} ended with {process.returncode}:\n{log.read_text()[-2000:]}"
            )
        yield
    finally:
        process.send_signal(end)
        try:
            process.wait(DEADLINE)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def wait_until(condition: Callable[[], bool], *, seconds: float = DEADLINE) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            raise ServiceError(f"Not ready after {seconds:.0f} seconds.")
        time.sleep(0.05)
