from __future__ import annotations

import re
from http.client import HTTPConnection, HTTPResponse

import pytest

from tests.harness.server import Server

FILE = "/static/chat/base.css"


def ask(server: Server, path: str, method: str = "GET", **headers: str) -> tuple[HTTPResponse, bytes]:
    client = HTTPConnection("127.0.0.1", server.port, timeout=10)
    client.request(method, path, headers={name.replace("_", "-"): text for name, text in headers.items()})
    response = client.getresponse()
    body = response.read()
    client.close()
    return response, body


@pytest.fixture(scope="module")
def hashed(site: Server) -> str:
    """A path as pages name it."""
    _, page = site.get("/accounts/login/")
    found = re.search(r"/static/chat/[\w/]+\.[0-9a-f]{12}\.css", page.decode())
    assert found
    return found[0]


def test_a_hashed_file_is_kept_for_ever_and_is_what_it_says(site: Server, hashed: str) -> None:
    response, body = ask(site, hashed)
    assert (response.status, len(body)) == (200, int(response.headers["Content-Length"]))
    assert response.headers["Content-Type"] == 'text/css; charset="utf-8"'
    assert "immutable" in response.headers["Cache-Control"]
    assert response.headers["X-Content-Type-Options"] == "nosniff"
    assert "immutable" not in ask(site, FILE)[0].headers["Cache-Control"]


def test_it_is_sent_compressed_to_who_takes_that(site: Server, hashed: str) -> None:
    plain, whole = ask(site, hashed)
    packed, less = ask(site, hashed, Accept_Encoding="gzip, br")
    assert plain.headers["Content-Encoding"] is None
    assert packed.headers["Content-Encoding"] == "gzip"
    assert packed.headers["Vary"] == "Accept-Encoding"
    assert len(less) < len(whole)


def test_who_has_it_is_sent_nothing(site: Server, hashed: str) -> None:
    tag = ask(site, hashed)[0].headers["ETag"]
    response, body = ask(site, hashed, If_None_Match=tag)
    assert (response.status, body) == (304, b"")


def test_head_and_a_part_of_it(site: Server, hashed: str) -> None:
    response, body = ask(site, hashed, "HEAD")
    assert (response.status, body) == (200, b"")
    response, body = ask(site, hashed, Range="bytes=0-9")
    assert (response.status, len(body)) == (206, 10)


@pytest.mark.parametrize(
    "path",
    ["/static/no/such.css", "/static/", "/static/../manage.py", "/static/%2e%2e/manage.py", "/static/chat"],
)
def test_nothing_else_is_there(site: Server, path: str) -> None:
    response, body = ask(site, path)
    assert response.status == 404
    assert b"DJANGO_SETTINGS_MODULE" not in body
    assert "default-src 'none'" in response.headers["Content-Security-Policy"]


def test_nothing_is_written_there(site: Server, hashed: str) -> None:
    assert ask(site, hashed, "POST")[0].status == 405
