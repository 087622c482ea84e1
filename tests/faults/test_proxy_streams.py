"""What the proxies make of a stream and of its headers, seen from both ends."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from email.message import Message
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import httpx
import pytest

from tests.faults.test_proxies import KIND
from tests.harness.proxies import KINDS, Proxy
from tests.harness.server import free_port

pytestmark = pytest.mark.fault
EVENTS, EVERY = 12, 0.15
#: Of a reply that nobody waits for the end of.
LONG = 400


class Upstream(ThreadingHTTPServer):
    """Sends an event every ``EVERY`` seconds, and notes the headers that came and who left early."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.headers: list[Message] = []
        self.left = threading.Event()


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: Upstream

    def do_GET(self) -> None:
        if self.path == "/readyz":
            self.send_response(200)
            self.send_header("Content-Length", "0")
            self.end_headers()
            return
        self.server.headers.append(self.headers)
        self.send_response(200)
        self.send_header("Content-Type", "text/event-stream")
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()
        try:
            for number in range(LONG if self.path == "/api/long" else EVENTS):
                event = f"data: {number}\n\n".encode()
                self.wfile.write(b"%x\r\n%s\r\n" % (len(event), event))
                time.sleep(EVERY)
            self.wfile.write(b"0\r\n\r\n")
        except ConnectionError:
            self.server.left.set()

    def log_message(self, format: str, *args: object) -> None:
        """The test says what went wrong."""


@pytest.fixture(params=KIND)
def site(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[tuple[Proxy, Upstream]]:
    with Upstream() as upstream:
        threading.Thread(target=upstream.serve_forever, daemon=True).start()
        proxy = Proxy(tmp_path / "proxy", free_port(), KINDS[request.param])
        with proxy.run([upstream.server_address[1]]):
            yield proxy, upstream
        upstream.shutdown()


def client_of(proxy: Proxy) -> httpx.Client:
    return httpx.Client(base_url=proxy.origin, verify=False, timeout=10)  # noqa: S501


def test_events_come_one_by_one_and_unchanged(site: tuple[Proxy, Upstream]) -> None:
    proxy, upstream = site
    asked = {
        "Accept": "text/event-stream",
        "Accept-Encoding": "gzip, zstd",
        "X-Forwarded-For": "198.51.100.7, 10.0.0.1",
        "X-Forwarded-Proto": "http",
        "X-Request-ID": "chosen-by-the-client",
        "Daphne-Root-Path": "/pub",
    }
    arrived: list[float] = []
    with client_of(proxy) as client, client.stream("GET", "/api/stream", headers=asked) as answer:
        assert "Content-Encoding" not in answer.headers
        text = ""
        for part in answer.iter_text():
            arrived.append(time.monotonic())
            text += part
    assert text == "".join(f"data: {number}\n\n" for number in range(EVENTS))
    assert len(arrived) > EVENTS / 2
    assert arrived[-1] - arrived[0] > EVENTS * EVERY / 2
    (headers,) = upstream.headers
    assert headers.get_all("X-Forwarded-For") == ["127.0.0.1"]
    assert headers.get_all("X-Forwarded-Proto") == ["https"]
    assert len(headers["X-Request-ID"]) >= 32
    assert headers["X-Request-ID"] != "chosen-by-the-client"
    assert headers["Host"] == f"localhost:{proxy.port}"
    assert "Daphne-Root-Path" not in headers


def test_the_server_hears_that_a_reader_has_left(site: tuple[Proxy, Upstream]) -> None:
    proxy, upstream = site
    with client_of(proxy) as client, client.stream("GET", "/api/long") as answer:
        next(answer.iter_raw())
    assert upstream.left.wait(30)
