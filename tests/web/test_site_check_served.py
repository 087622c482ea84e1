"""The check of a page on a real server, where requests share a few threads."""

from __future__ import annotations

import re
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from pathlib import Path
from threading import Event, Semaphore

import pytest
import requests

from tests.harness.server import Server
from tests.harness.web import QuietHandler, answering


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with Server(tmp_path_factory.mktemp("data"), WEBHOOK_PRIVATE_ADDRESSES="true") as running:
        yield running


def test_one_who_asks_while_four_sites_think_is_told_to_wait(server: Server) -> None:
    with thinking() as (address, holding, held), ThreadPoolExecutor(4) as pool:
        checks = [pool.submit(check, server, address) for _ in range(4)]
        for _ in checks:
            assert holding.acquire(timeout=20)
        assert "Other pages are being checked." in check(server, address)
        held.set()
        assert all("answers 404." in one.result() for one in checks)


def test_a_server_that_is_told_to_end_waits_for_no_site(tmp_path: Path) -> None:
    with (
        Server(tmp_path, WEBHOOK_PRIVATE_ADDRESSES="true") as own,
        thinking() as (address, holding, _held),
        ThreadPoolExecutor(1) as pool,
    ):
        asked = pool.submit(check, own, address)
        assert holding.acquire(timeout=20)
        assert own.process
        own.process.terminate()
        assert own.process.wait(30) == 0
        assert isinstance(asked.exception(), requests.RequestException)


@contextmanager
def thinking() -> Iterator[tuple[str, Semaphore, Event]]:
    """A site that answers nothing before the event; the semaphore counts who waits."""
    held, holding = Event(), Semaphore(0)

    class Handler(QuietHandler):
        def do_GET(self) -> None:
            holding.release()
            held.wait(60)
            with suppress(OSError):  # who asked may have gone
                self.send_response(404)
                self.end_headers()

    with answering(Handler) as address:
        try:
            yield address, holding, held
        finally:
            held.set()


def check(server: Server, address: str) -> str:
    """What an owner reads who has the page checked in a browser."""
    session = requests.Session()
    session.cookies.set("sessionid", server.people["alice"]["session"])
    path = f"{server.origin}/accounts/web-chats/{server.people['alice']['webChat']}/?site=http://shop.example"
    token = re.search(r'name="csrfmiddlewaretoken" value="(\w+)"', session.get(path, timeout=20).text)
    assert token
    form = {"page": address, "csrfmiddlewaretoken": token[1]}
    return session.post(path, form, headers={"Origin": server.origin}, timeout=40).text
