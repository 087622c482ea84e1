"""Files against a real server: sent as the official clients do, and served so that they can do nothing."""

from __future__ import annotations

import os
import socket
import stat
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests

from tests.api.programs import Program, key_in
from tests.harness.server import Server
from tests.media import samples
from tests.services import wait_until

PNG = samples.png()
LIMIT = 25 * 1024 * 1024


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with Server(tmp_path_factory.mktemp("data"), MEDIA_LINK_HOURS="0.002") as running:
        yield running


@pytest.fixture(scope="module")
def program(server: Server) -> Iterator[Program]:
    with Program(server, key_in(server)) as made:
        yield made


def stored(server: Server) -> set[Path]:
    return {path for path in (server.data / "media").rglob("*") if path.is_file()}


def test_a_file_goes_in_three_steps_and_comes_back_by_its_address(server: Server, program: Program) -> None:
    made = program.upload('潮汐 "a"; filename=x.png', PNG)
    assert made["file"].startswith(f"{server.origin}/media/chat/attachment/")
    assert (made["type"], made["filename"]) == ("image", '潮汐 "a"; filename=x.png')
    for headers in ({}, dict(program.headers)):
        got = requests.get(made["file"], headers=headers, timeout=10)
        assert (got.status_code, got.content) == (200, PNG)
    assert got.headers["Content-Type"] == "image/png"
    assert got.headers["Content-Disposition"] == (
        "inline; filename*=utf-8''%E6%BD%AE%E6%B1%90%20%22a%22%3B%20filename%3Dx.png"
    )
    assert got.headers["X-Content-Type-Options"] == "nosniff"
    assert "sandbox" in got.headers["Content-Security-Policy"]
    assert "default-src 'none'" in got.headers["Content-Security-Policy"]
    assert got.headers["Cross-Origin-Resource-Policy"] == "same-site"
    assert got.headers["Cache-Control"].startswith("private, max-age=")
    assert "Set-Cookie" not in got.headers
    head = requests.head(made["file"], timeout=10)
    assert (head.status_code, head.headers["Content-Length"]) == (200, str(len(PNG)))
    [path] = stored(server)
    assert [stat.S_IMODE(one.stat().st_mode) for one in (path, path.parent)] == [0o600, 0o700]


@pytest.mark.parametrize("name", ["a.pdf", "a.txt", "a.md", "a.docx", "a.json", "a.mp4"])
def test_what_is_no_picture_is_downloaded(program: Program, name: str) -> None:
    content = samples.GOOD[name]
    sent = program.post(f"{program.base}attachments-upload", files={"file": (name, content)})
    assert sent.status_code == 201, sent.text
    got = requests.get(sent.json()["file"], timeout=10)
    assert got.content == content
    assert got.headers["Content-Disposition"] == f'attachment; filename="{name}"'
    assert "html" not in got.headers["Content-Type"]


def test_a_large_file_comes_back_whole(program: Program) -> None:
    content = PNG + os.urandom(3_000_000)
    made = program.upload("large.png", content)
    assert requests.get(made["file"], timeout=10).content == content


def test_an_address_opens_one_file_until_it_expires_or_the_file_is_deleted(
    server: Server, program: Program
) -> None:
    one, other = program.upload("a.png", PNG), program.upload("b.png", PNG)
    address, _, query = one["file"].partition("?")
    for wrong in (
        address,
        f"{address}?{query}0",
        f"{address}?{query.replace('expires=', 'expires=9')}",
        f"{other['file'].partition('?')[0]}?{query}",
        f"{server.origin}/media/../secret_key?{query}",
        f"{server.origin}/media/%2e%2e/parley.sqlite3?{query}",
        f"{server.origin}/media/?{query}",
    ):
        assert requests.get(wrong, timeout=10).status_code == 404, wrong
    # The server's clock says when: the address is good for seven seconds and up to a minute more.
    expires = int(dict(part.split("=", 1) for part in query.split("&"))["expires"])
    assert 0 < expires - time.time() <= 68
    assert program.delete(f"{program.base}attachments/{one['id']}/").status_code == 204
    assert requests.get(one["file"], timeout=10).status_code == 404
    wait_until(lambda: not (server.data / address.removeprefix(f"{server.origin}/")).exists())
    assert requests.get(other["file"], timeout=10).status_code == 200


def test_an_upload_that_is_cut_leaves_no_file_and_no_row(server: Server, program: Program) -> None:
    before = stored(server), server.rows("SELECT id FROM chat_attachment")
    part = (
        b'--x\r\nContent-Disposition: form-data; name="file"; filename="a.png"\r\n'
        b"Content-Type: image/png\r\n\r\n"
    )
    for length, sent in ((9_000_000, part + PNG + bytes(3_000_000)), (len(part + PNG), part + PNG)):
        with socket.create_connection(("127.0.0.1", server.port), timeout=10) as raw:
            raw.sendall(
                b"POST /api/attachments/ HTTP/1.1\r\nHost: 127.0.0.1\r\n"
                b"Authorization: Api-Key %s\r\n"
                b"Content-Type: multipart/form-data; boundary=x\r\n"
                b"Content-Length: %d\r\n\r\n%s" % (program.key.encode(), length, sent)
            )
            if length == len(sent):  # complete for HTTP, but the form has no end
                assert raw.recv(100).startswith(b"HTTP/1.1 400")
    assert program.get(f"{program.base}attachments/").status_code == 200
    assert (stored(server), server.rows("SELECT id FROM chat_attachment")) == before


def test_a_body_over_the_limit_is_refused_before_it_is_read(server: Server) -> None:
    for path in ("/api/attachments/", "/uploads"):
        with socket.create_connection(("127.0.0.1", server.port), timeout=10) as raw:
            raw.sendall(
                b"POST %s HTTP/1.1\r\nHost: 127.0.0.1\r\n"
                b"Content-Type: multipart/form-data; boundary=x\r\n"
                b"Content-Length: %d\r\n\r\n--x\r\n" % (path.encode(), LIMIT + 1)
            )
            assert raw.recv(100).startswith(b"HTTP/1.1 413")
