"""What becomes of requests while every thread is busy: all wait for a database that another process has for
itself."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing, contextmanager
from http.client import HTTPConnection

import psutil
import pytest
from django.db import connection

from chat.answers.handler import MOST_WAITING, MOST_WAITING_BYTES, THREADS
from chat.writers import SECONDS as WRITER_SECONDS
from tests.harness.server import Server
from tests.services import wait_until
from tests.web.test_static import FILE, ask

pytestmark = pytest.mark.skipif(connection.vendor != "sqlite", reason="the lock is SQLite's")
#: As large as a request may well be.
LARGE = 24 * 1024 * 1024


def test_files_and_the_health_come_and_who_leaves_is_not_worked_for(server: Server) -> None:
    before = conversations(server)
    with stalled(server):
        leaver = asking_for_conversation(server)
        until(server, "parley_requests_waiting 1.0")
        leaver.close()
        for path in (FILE, "/healthz"):
            assert ask(server, path)[0].status == 200
    assert ask(server, "/accounts/login/")[0].status == 200  # behind the leaver
    assert conversations(server) == before + THREADS


def test_who_leaves_takes_the_body_along(server: Server) -> None:
    """One of this size is in a file, and nobody else opens any."""
    assert server.process
    process = psutil.Process(server.process.pid)
    with stalled(server):
        before = process.num_fds()
        leavers = [asking_for_conversation(server, padding=3_000_000) for _ in range(5)]
        until(server, "parley_requests_waiting 5.0")
        assert process.num_fds() >= before + 2 * len(leavers)
        for one in leavers:
            one.close()
        until(server, "parley_requests_waiting 0.0")
        wait_until(lambda: process.num_fds() <= before)


def test_so_many_wait_and_others_are_told_to_try_again(server: Server) -> None:
    with stalled(server), ExitStack() as waiting:
        for _ in range(MOST_WAITING):
            waiting.enter_context(closing(asking(server, "GET", "/accounts/login/")))
        until(server, f"parley_requests_waiting {MOST_WAITING}.0")
        page, text = ask(server, "/accounts/login/", Accept="text/html")
        program, shape = ask(server, "/api/chatbots/")
        assert ask(server, "/healthz")[0].status == 200
    sentence = "The server has too much to do. Try again in a moment."
    assert (page.status, text.decode()) == (503, sentence)
    assert (program.status, json.loads(shape)["detail"]) == (503, sentence)
    assert page.headers["Retry-After"] == program.headers["Retry-After"] == "2"


def test_so_much_waits_and_more_is_refused(server: Server) -> None:
    with stalled(server), ExitStack() as waiting:
        for number in range(MOST_WAITING_BYTES // LARGE):
            waiting.enter_context(closing(asking_for_conversation(server, padding=LARGE)))
            until(server, f"parley_requests_waiting {number + 1}.0")
        with closing(asking_for_conversation(server, padding=LARGE)) as one_more:
            assert one_more.getresponse().status == 503
        waiting.enter_context(closing(asking_for_conversation(server)))
        until(server, f"parley_requests_waiting {number + 2}.0")


@contextmanager
def stalled(server: Server) -> Iterator[None]:
    """Every thread has a request. They are answered at the end."""
    begun = time.monotonic()
    with ThreadPoolExecutor(THREADS) as clients:
        with server.database.locked():
            writing = [clients.submit(begun_conversation, server) for _ in range(THREADS)]
            until(server, f"parley_request_threads_busy {THREADS}.0")
            yield
            assert not any(one.done() for one in writing)
            in_time = time.monotonic() - begun < WRITER_SECONDS / 2
        answers = {one.result() for one in writing}
        assert answers == {201} if in_time else answers <= {201, 503}


def until(server: Server, line: str) -> None:
    """Until ``/metrics`` has this line."""
    deadline = time.monotonic() + 60
    while line.encode() not in ask(server, "/metrics")[1].splitlines():
        assert time.monotonic() < deadline, line


def asking(server: Server, method: str, path: str, body: str = "") -> HTTPConnection:
    client = HTTPConnection("127.0.0.1", server.port, timeout=60)
    client.request(method, path, body, {"Content-Type": "application/json"})
    return client


def asking_for_conversation(server: Server, *, padding: int = 0) -> HTTPConnection:
    """As a program without a key may, in a web chat."""
    body = {"webChat": server.people["alice"]["webChat"], "padding": "x" * padding}
    return asking(server, "POST", "/api/conversations/", json.dumps(body))


def begun_conversation(server: Server) -> int:
    with closing(asking_for_conversation(server)) as client:
        return client.getresponse().status


def conversations(server: Server) -> int:
    (count,) = server.rows("SELECT count(*) FROM chat_conversation")[0]
    return int(count)
