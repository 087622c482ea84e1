"""A real ``manage.py serve`` in a process of its own, on its own data directory and a free port."""

from __future__ import annotations

import atexit
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from functools import cache
from pathlib import Path
from typing import Any

import psutil

from tests.harness.database import Database, database_for

ROOT = Path(__file__).resolve().parents[2]
SECRET_KEY = "t3st-only-9f2b7c61d8e04a55b3aa17c0e6f4d2918b7705cc"


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    return port


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
    """A migrated data directory with its people, made once for this test process and copied from then on."""
    data = Path(tempfile.mkdtemp(prefix="parley-prepared-"))
    database = database_for(data, database_url)
    atexit.register(shutil.rmtree, data, ignore_errors=True)
    atexit.register(database.drop)
    variables = environment(data, **database.variables)
    run = {"cwd": ROOT, "env": variables, "check": True, "capture_output": True, "text": True}
    subprocess.run([sys.executable, "manage.py", "migrate", "--verbosity", "0"], **run)  # type: ignore[call-overload]
    made = subprocess.run([sys.executable, "-m", "tests.harness.populate", str(members)], **run)  # type: ignore[call-overload]
    return data, database, json.loads(made.stdout)


@cache
def static_files() -> Path:
    """The static files under their hashed names, collected once for this test process."""
    root = Path(tempfile.mkdtemp(prefix="parley-static-"))
    atexit.register(shutil.rmtree, root, ignore_errors=True)
    command = [sys.executable, "manage.py", "collectstatic", "--noinput", "--verbosity", "0"]
    subprocess.run(command, cwd=ROOT, env=environment(root, STATIC_ROOT=str(root)), check=True)
    return root


class Server:
    """``with Server(data, upstream_url) as server:``; ``server.people["alice"]["session"]`` logs alice in.

    ``beside``: the server with whose database it works; that one drops it. ``database_url``: where to make
    its database instead of where the environment says.
    """

    def __init__(
        self,
        data: Path,
        upstream: str = "",
        members: int = 0,
        *,
        beside: Server | None = None,
        database_url: str | None = None,
        **variables: str,
    ) -> None:
        where = os.environ.get("DATABASE_URL", "") if database_url is None else database_url
        prepared, database, self.people = prepared_data(members, where)
        shutil.copytree(prepared, data, dirs_exist_ok=True)
        self.data = data
        self.owns_database = beside is None
        self.database = beside.database if beside else database.copy_to(data)
        self.port = free_port()
        upstreams = {
            "COMPLETIONS_PROVIDER": "openai",
            "COMPLETIONS_URL": upstream,
            "COMPLETIONS_MODEL": "sim",
        }
        limits = ("MESSAGES", "API_REQUESTS", "API_STRANGERS")
        unlimited = {"SOCKETS_PER_PERSON": "0"} | {f"{name}_PER_MINUTE": "0" for name in limits}
        places = {"PORT": str(self.port), "STATIC_ROOT": str(static_files()), **self.database.variables}
        self.variables = environment(
            data, **{**places, **unlimited, **(upstreams if upstream else {}), **variables}
        )
        self.process: subprocess.Popen[bytes] | None = None
        #: Seconds that running replies have when it ends.
        self.drain = 5

    @property
    def origin(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def memory(self) -> int:
        """Resident bytes."""
        assert self.process
        resident: int = psutil.Process(self.process.pid).memory_info().rss
        return resident

    @property
    def log(self) -> str:
        return (self.data / "server.log").read_text()

    def __enter__(self) -> Server:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        if self.process:
            self.end()
        if self.owns_database:
            self.database.drop()

    def start(self, *, within: float = 30) -> None:
        """Returns when the server is ready to be sent people."""
        with (self.data / "server.log").open("ab") as log:
            self.process = subprocess.Popen(
                [sys.executable, "manage.py", "serve", "--drain", str(self.drain)],
                cwd=ROOT,
                env=self.variables,
                stdout=log,
                stderr=log,
            )
        deadline = time.monotonic() + within
        while self.get("/readyz")[0] != 200:
            if self.process.poll() is not None or time.monotonic() > deadline:
                self.kill()
                raise AssertionError(f"the server did not become ready:\n{self.log[-4000:]}")
            time.sleep(0.05)

    def kill(self) -> None:
        """As a power cut: no clean-up."""
        assert self.process
        self.process.kill()
        self.process.wait()
        self.process = None

    def pause(self) -> None:
        """As a machine that stands still: everything stays open, nothing answers, until ``go_on``."""
        assert self.process
        self.process.send_signal(signal.SIGSTOP)

    def go_on(self) -> None:
        assert self.process
        self.process.send_signal(signal.SIGCONT)

    def end(self) -> None:
        assert self.process
        self.go_on()  # a paused process hears of nothing
        self.process.send_signal(signal.SIGTERM)
        try:
            self.process.wait(self.drain + 15)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self.process = None

    def get(self, path: str, *, session: str = "") -> tuple[int, bytes]:
        """Status and body; status 0 when nothing answers."""
        headers = {"Cookie": f"sessionid={session}"} if session else {}
        request = urllib.request.Request(f"{self.origin}{path}", headers=headers)
        try:
            with urllib.request.urlopen(request, timeout=10) as answer:
                return answer.status, answer.read()
        except urllib.error.HTTPError as error:
            return error.code, error.read()
        except OSError:
            return 0, b""

    def rows(self, query: str, *values: object) -> list[tuple[Any, ...]]:
        """What the database holds, read beside the server."""
        return self.database.rows(query, *values)

    def execute(self, statement: str, *values: object) -> int:
        """Change what the database holds, beside the server; returns the number of rows."""
        return self.database.execute(statement, *values)

    def text_of(self, reply: str) -> tuple[str, str]:
        """State and stored text of a reply."""
        found: tuple[str, str] = self.rows(
            "SELECT state, text FROM chat_reply WHERE id = ?", reply.replace("-", "")
        )[0]
        return found
