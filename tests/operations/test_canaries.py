"""Nothing that is secret, and nothing that people wrote, stands in the log, whatever goes wrong."""

from __future__ import annotations

import asyncio
import json
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from uuid import uuid4

import pytest

from tests.harness.database import PostgresDatabase
from tests.harness.server import SECRET_KEY, Server
from tests.harness.tab import Tab
from tests.harness.web import answering
from tests.operations import canaries


def ask(server: Server, path: str, data: bytes | None = None, *, kind: str = "", name: str = "alice") -> int:
    """A request of this person's with every secret that a request can have."""
    session = server.people[name]["session"] if name else ""
    headers = {
        "Cookie": f"sessionid={session}; csrftoken={canaries.CSRF_TOKEN}",
        "Authorization": f"Api-Key {canaries.API_KEY}",
        "Content-Type": kind or "application/x-www-form-urlencoded",
    }
    address = f"{server.origin}{path}?token={canaries.API_KEY}"
    try:
        with urllib.request.urlopen(urllib.request.Request(address, data, headers), timeout=10) as answer:
            return int(answer.status)
    except urllib.error.HTTPError as error:
        return error.code


def log_in_with_a_wrong_password(server: Server) -> int:
    form = {
        "login": "alice",
        "password": canaries.PASSWORD,
        "csrfmiddlewaretoken": canaries.CSRF_TOKEN,
    }
    return ask(server, "/accounts/login/", urllib.parse.urlencode(form).encode(), name="")


def upload(server: Server, base: str) -> int:
    fields = {"csrfmiddlewaretoken": canaries.CSRF_TOKEN, "knowledge_base": base, "title": ""}
    parts = [
        f'Content-Disposition: form-data; name="{name}"\r\n\r\n{value}' for name, value in fields.items()
    ]
    file = 'Content-Disposition: form-data; name="document"; filename="safe.txt"\r\nContent-Type: text/plain'
    parts.append(f"{file}\r\n\r\n{canaries.DOCUMENT}")
    body = "".join(f"--limit\r\n{part}\r\n" for part in parts) + "--limit--\r\n"
    kind = "multipart/form-data; boundary=limit"
    return ask(server, "/admin/chat/knowledgefile/add/", body.encode(), kind=kind)


@contextmanager
def away(server: Server, table: str) -> Iterator[None]:
    server.execute(f"ALTER TABLE {table} RENAME TO away")
    try:
        yield
    finally:
        server.execute(f"ALTER TABLE away RENAME TO {table}")


@contextmanager
def refused(server: Server, table: str, write: str) -> Iterator[None]:
    """The database refuses rows with a canary's text; PostgreSQL's error repeats the whole row."""
    canary = "substr({}text, 1, 6) = 'canary'"
    if isinstance(server.database, PostgresDatabase):
        server.execute(
            f"ALTER TABLE {table} ADD CONSTRAINT refused CHECK (NOT {canary.format('')}) NOT VALID"
        )
        undo = f"ALTER TABLE {table} DROP CONSTRAINT refused"
    else:
        body = "BEGIN SELECT RAISE(ABORT, 'refused'); END"
        server.execute(
            f"CREATE TRIGGER refused BEFORE {write} ON {table} WHEN {canary.format('new.')} {body}"
        )
        undo = "DROP TRIGGER refused"
    try:
        yield
    finally:
        server.execute(undo)


async def until_logged(server: Server, event: str) -> None:
    deadline = time.monotonic() + 20
    while event not in server.log:
        assert time.monotonic() < deadline, f"{event} is not in the log"
        await asyncio.sleep(0.05)


async def talk(server: Server) -> None:
    async with Tab(server, "alice") as tab:
        failed = await tab.send(f"fail {canaries.MESSAGE}")
        assert (await tab.ended(failed["message"]["reply"]["id"])).error == "upstream_error"
        for text in (canaries.MESSAGE, json.dumps({"type": "send", "content": canaries.MESSAGE}), "[" * 999):
            await tab.socket.send(text)
            await tab.frame("error")
            tab.frames.clear()
        with away(server, "chat_message"):
            await tab.say("send", id=str(uuid4()), conversation=str(uuid4()), content=canaries.MESSAGE)
            assert (await tab.frame("error"))["code"] == "internal"
        with refused(server, "chat_reply", "UPDATE"):
            await tab.send(canaries.MESSAGE)
            await until_logged(server, "reply_end_not_stored")
        tab.cut()


def knock(server: Server) -> None:
    assert ask(server, f"/invitations/{canaries.INVITATION}/") == 404
    assert ask(server, "/nowhere") == 404
    assert log_in_with_a_wrong_password(server) == 200
    with away(server, "chat_conversation"):
        assert ask(server, "/chat/conversations") in (500, 503)
        assert ask(server, "/admin/chat/conversation/") == 500
    with away(server, "chat_user"):
        assert log_in_with_a_wrong_password(server) == 500
    base = uuid4().hex
    home = server.rows(
        "SELECT organization_id FROM chat_membership JOIN chat_user ON user_id = chat_user.id "
        "WHERE username = 'alice'"
    )
    row = (base, home[0][0], "Rules", "2026-01-01")
    server.execute(
        "INSERT INTO chat_knowledgebase (id, organization_id, name, created_at) VALUES (?, ?, ?, ?)", *row
    )
    with refused(server, "chat_passage", "INSERT"):
        assert upload(server, base) == 200  # after the redirect
        asyncio.run(until_logged(server, "job_failed"))


@pytest.fixture(params=[canaries.PROVIDER_KEY, canaries.ODD_PROVIDER_KEY])
def server(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Server]:
    """A server that says as much as it can, with a key that looks like one or with one that does not."""
    variables = {
        "COMPLETIONS_API_KEY": request.param,
        "METRICS_TOKEN": canaries.METRICS_TOKEN,
        "LOG_FORMAT": "json",
        "LOG_LEVEL": "DEBUG",
    }
    with (
        answering(canaries.Echo) as upstream,
        Server(tmp_path / "data", f"{upstream}/v1", **variables) as running,
    ):
        yield running


def test_no_secret_and_no_text_of_anybody_comes_into_the_log(server: Server) -> None:
    asyncio.run(talk(server))
    knock(server)
    server.end()
    records = [json.loads(line) for line in server.log.splitlines()]
    events = {record["event"] for record in records}
    assert events >= {"reply_ended", "database_fault", "reply_end_not_stored", "socket_closed", "request"}
    assert any("Internal Server Error: /accounts/login/" in event for event in events)
    assert sum("Traceback" in record.get("exception", "") for record in records) >= 5
    sessions = [person["session"] for person in server.people.values()]
    assert [secret for secret in [SECRET_KEY, *sessions] if secret in server.log] == []
    assert "canary" not in server.log.lower()
