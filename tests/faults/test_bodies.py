"""Large bodies from anybody: refused before they cost memory, and never read where replies stream."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Iterator

import pytest

from tests.harness.scale import LATE
from tests.harness.server import Server

MEGABYTE = 1024 * 1024
CHUNKED = "Transfer-Encoding: chunked"
FORM = "Content-Type: application/x-www-form-urlencoded"


LOGIN = "/accounts/login/"
#: Pages, the API's three ways in, the socket's, what looks at no body, and nothing.
PATHS = [
    *(LOGIN, "/", "/api/v1/messages/", "/v1/chat/completions", "/api/v1/chatbots/"),
    *("/ws/chat/", "/healthz", "/metrics", "/no/such"),
]


def post(server: Server, path: str, body: Iterator[bytes], *headers: str) -> tuple[bytes, int]:
    """The first bytes of the answer, and how much was sent before it came."""
    head = "\r\n".join([f"POST {path} HTTP/1.1", f"Host: 127.0.0.1:{server.port}", *headers])
    sent = 0
    with socket.create_connection(("127.0.0.1", server.port), timeout=30) as connection:
        try:
            connection.sendall(f"{head}\r\n\r\n".encode())
            for part in body:
                connection.sendall(part)
                sent += len(part)
            return connection.recv(64), sent
        except ConnectionError:
            return b"", sent


def chunks(megabytes: int) -> Iterator[bytes]:
    for _ in range(megabytes):
        yield b"100000\r\n" + b"a" * MEGABYTE + b"\r\n"
    yield b"0\r\n\r\n"


@pytest.mark.parametrize("path", PATHS)
def test_a_body_that_says_it_is_too_large_is_refused_before_it_is_sent(server: Server, path: str) -> None:
    begun = time.monotonic()
    answer, _sent = post(server, path, iter([]), FORM, f"Content-Length: {400 * MEGABYTE}")
    assert answer.startswith(b"HTTP/1.1 413 ")
    assert time.monotonic() - begun <= 1 + LATE


@pytest.mark.parametrize("length", [f"Content-Length: {400 * MEGABYTE}", CHUNKED])
@pytest.mark.parametrize("path", PATHS)
def test_no_body_costs_memory_or_is_read_beyond_the_limit(server: Server, path: str, length: str) -> None:
    assert server.get("/healthz")[0] == 200  # the first request of a process loads what later ones use
    grown = server.memory_from_now()
    body = chunks(400) if length == CHUNKED else (b"a" * MEGABYTE for _ in range(400))
    _answer, sent = post(server, path, body, FORM, length)
    # What of it is on its way has long been sent when it is refused.
    assert sent < 60 * MEGABYTE
    assert server.get("/healthz")[0] == 200
    assert grown() <= 10 * MEGABYTE


def test_a_form_of_a_million_fields_holds_up_nobody(server: Server) -> None:
    body = b"a&" * (12 * MEGABYTE)
    sending = threading.Thread(
        target=post,
        args=(server, LOGIN, iter([body]), FORM, f"Content-Length: {len(body)}", "Connection: close"),
    )
    longest = 0.0
    sending.start()
    while sending.is_alive():
        before = time.monotonic()
        assert server.get("/healthz")[0] == 200
        longest = max(longest, time.monotonic() - before)
    assert longest < 2 + LATE
