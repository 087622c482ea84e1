"""``make run`` as a stranger meets it: a fresh copy, in a folder with a space in its name."""

from __future__ import annotations

import http.cookiejar
import os
import re
import shutil
import signal
import socket
import subprocess
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.harness.server import free_port
from tests.services import wait_until

ROOT = Path(__file__).resolve().parents[2]
NOT_COPIED = shutil.ignore_patterns(
    ".git", ".venv", ".*_cache", "__pycache__", "node_modules", "var", "staticfiles", ".env"
)
pytestmark = pytest.mark.fault


@pytest.fixture(scope="module")
def copy(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return Path(shutil.copytree(ROOT, tmp_path_factory.mktemp("fresh") / "my parley", ignore=NOT_COPIED))


@contextmanager
def make_run(copy: Path, port: int) -> Iterator[Path]:
    """The running command's output, from the moment it answers; ended as an init system does it."""
    output = copy.parent / "output"
    environment = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ} | {
        "PORT": str(port)
    }
    with output.open("wb") as file:
        running = subprocess.Popen(
            ["make", "run"], cwd=copy, env=environment, stdout=file, stderr=subprocess.STDOUT
        )
    try:
        wait_until(lambda: answers(port) or running.poll() is not None, seconds=300)
        assert running.poll() is None, output.read_text()
        yield output
    finally:
        if running.poll() is None:
            running.send_signal(signal.SIGTERM)
        running.wait(60)
    assert not answers(port)


def answers(port: int) -> bool:
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/healthz", timeout=5) as response:
            return bool(response.status == 200)
    except (urllib.error.URLError, ConnectionError):
        return False


def log_in(port: int, username: str, password: str) -> str:
    """The address where a browser is after the log-in form."""
    browser = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(http.cookiejar.CookieJar()))
    form = f"http://127.0.0.1:{port}/accounts/login/"
    token = re.search(r'name="csrfmiddlewaretoken" value="(\w+)"', browser.open(form).read().decode())
    assert token
    fields = {"csrfmiddlewaretoken": token[1], "login": username, "password": password}
    return str(browser.open(form, urllib.parse.urlencode(fields).encode()).url)


def test_a_fresh_copy_serves_says_how_to_log_in_and_keeps_its_data(copy: Path) -> None:
    port = free_port()
    with make_run(copy, port) as output:
        said = output.read_text()
        account = re.search(r"^ +(demo-admin) +(\S+)", said, re.MULTILINE)
        assert account, said
        assert f"http://127.0.0.1:{port}" in said
        assert log_in(port, account[1], account[2]) == f"http://127.0.0.1:{port}/"
    with make_run(copy, port) as output:
        assert not re.search("Preparing|Installing", output.read_text())
        assert account[2] in output.read_text()
        assert log_in(port, account[1], account[2]) == f"http://127.0.0.1:{port}/"


def test_a_port_that_is_taken_is_named_in_a_sentence(copy: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = str(taken.getsockname()[1])
        done = subprocess.run(
            ["make", "run"],
            cwd=copy,
            env=os.environ | {"PORT": port},
            capture_output=True,
            text=True,
            check=False,
        )
    assert done.returncode != 0
    assert f"Port {port} on 127.0.0.1 cannot be used" in done.stderr
    assert "Traceback" not in done.stderr
