"""Background work of a real server: inside it, or left to a worker."""

from __future__ import annotations

import re
import subprocess
import sys
import urllib.parse
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

import pytest

from chat.replies.engine import BACKGROUND_REPLIES
from tests.harness.cluster import Store, on_postgresql
from tests.harness.server import ROOT, Server
from tests.harness.worker import WorkerProcess
from tests.jobs.mailbox import Mailbox
from tests.services import wait_until
from tests.simulator.process import SimulatorProcess

pytestmark = pytest.mark.fault

REPLIES = BACKGROUND_REPLIES + 4
POST = """
from uuid import uuid4
from chat.models import User
from chat.selectors import member_principal
from chat.services.messages import post_message
alice = member_principal(User.objects.get(username="alice"))
for number in range({count}):
    post_message(principal=alice, id=uuid4(), conversation=uuid4(), content="sim:tokens=20,rate=20")
"""


@pytest.fixture
def mailbox() -> Iterator[Mailbox]:
    with Mailbox() as running:
        yield running


@pytest.fixture
def server(simulator: SimulatorProcess, mailbox: Mailbox, tmp_path: Path) -> Iterator[Server]:
    with Server(tmp_path / "data", simulator.url, EMAIL_URL=mailbox.url) as running:
        yield running


def submit(
    server: Server, path: str, fields: dict[str, str], document: tuple[str, bytes] | None = None
) -> str:
    """Fill in a form as alice; returns the page that follows."""
    cookies = f"sessionid={server.people['alice']['session']}; csrftoken={'c' * 32}"
    fields = fields | {"csrfmiddlewaretoken": "c" * 32}
    headers = {"Cookie": cookies, "Referer": server.origin}
    body = urllib.parse.urlencode(fields).encode()
    if document:
        parts = [
            f'Content-Disposition: form-data; name="{name}"\r\n\r\n{value}'.encode()
            for name, value in fields.items()
        ]
        head = f'Content-Disposition: form-data; name="document"; filename="{document[0]}"\r\n\r\n'
        parts.append(head.encode() + document[1])
        body = b"".join(b"--limit\r\n" + part + b"\r\n" for part in parts) + b"--limit--\r\n"
        headers["Content-Type"] = "multipart/form-data; boundary=limit"
    request = urllib.request.Request(f"{server.origin}{path}", body, headers)
    with urllib.request.urlopen(request, timeout=30) as answer:
        return str(answer.read().decode())


def knowledge_base(server: Server) -> str:
    page = server.get("/admin/chat/knowledgebase/", session=server.people["alice"]["session"])[1].decode()
    found = re.search(r"/admin/chat/knowledgebase/([0-9a-f-]{36})/change/", page)
    if found:
        return found[1]
    submit(server, "/admin/chat/knowledgebase/add/", {"name": "Rules"})
    return knowledge_base(server)


def add(server: Server, name: str, text: str) -> None:
    fields = {"knowledge_base": knowledge_base(server), "title": ""}
    submit(server, "/admin/chat/knowledgefile/add/", fields, (name, text.encode()))


def state_of(server: Server, name: str) -> str:
    found = server.rows("SELECT status FROM chat_knowledgefile WHERE filename = ?", name)
    return str(found[0][0]) if found else ""


def test_a_document_that_is_added_is_indexed_in_the_background(server: Server) -> None:
    add(server, "returns.md", "# Returns\n\nGoods come back within 30 days, with the receipt.")
    wait_until(lambda: state_of(server, "returns.md") == "done", seconds=10)
    passages = server.rows("SELECT text FROM chat_passage")
    assert passages == [("Goods come back within 30 days, with the receipt.",)]


def test_a_large_document_holds_up_neither_its_request_nor_another(server: Server) -> None:
    section = "## Part {}\n\n" + "A long paragraph about the river and its tides. " * 20 + "\n\n"
    add(server, "small.md", "Small.")
    text = "".join(section.format(number) for number in range(1500))
    add(server, "large.md", text)
    assert state_of(server, "large.md") in ("initial", "processing")
    add(server, "other.md", "Another one that is added meanwhile.")
    wait_until(lambda: state_of(server, "other.md") == "done")
    wait_until(lambda: state_of(server, "large.md") == "done", seconds=60)
    assert server.rows("SELECT count(*) FROM chat_passage")[0][0] > 1500


def test_an_invitation_is_mailed_although_the_mail_server_was_away(server: Server, mailbox: Mailbox) -> None:
    mailbox.refuse = "450 later"
    page = submit(server, "/accounts/people/invite/", {"email": "dora@example.com", "role": "member"})
    link = re.search(r"http://[^\s\"<]+/invitations/[\w-]{43}/", page)
    assert link
    failed = "SELECT last_error FROM chat_job WHERE kind = 'mail' AND attempts = 1 AND lease_until IS NULL"
    wait_until(lambda: server.rows(failed) != [])
    assert link[0] not in str(server.rows("SELECT payload, last_error FROM chat_job"))
    mailbox.refuse = ""
    server.execute("UPDATE chat_job SET run_at = created_at WHERE kind = 'mail'")  # half a minute later
    wait_until(lambda: len(mailbox.mails) == 1)
    assert link[0] in str(mailbox.mails[0].get_payload())


def post(server: Server, count: int) -> None:
    """Store messages whose replies nobody waits for."""
    command = [sys.executable, "manage.py", "shell", "--no-imports", "-c", POST.format(count=count)]
    subprocess.run(command, cwd=ROOT, env=server.variables, check=True)


def replies(server: Server, state: str) -> int:
    return int(server.rows("SELECT count(*) FROM chat_reply WHERE state = ?", state)[0][0])


def test_replies_that_nobody_waits_for_are_made_a_few_at_a_time(server: Server) -> None:
    post(server, REPLIES)
    most = 0

    def all_made() -> bool:
        nonlocal most
        most = max(most, replies(server, "running"))
        return replies(server, "complete") == REPLIES

    wait_until(all_made)
    assert 1 < most <= BACKGROUND_REPLIES


@on_postgresql
def test_a_server_without_a_worker_leaves_it_to_one(
    simulator: SimulatorProcess, mailbox: Mailbox, tmp_path: Path
) -> None:
    store = Store(tmp_path / "redis")
    store.start()
    variables = {"RUN_WORKER_IN_WEB": "false", "REDIS_URL": store.url, "EMAIL_URL": mailbox.url}
    with Server(tmp_path / "data", simulator.url, **variables) as server:
        add(server, "returns.md", f"Within 30 days. {uuid4()}")
        post(server, 1)
        beats = "SELECT beat_at FROM chat_processlease"
        first = server.rows(beats)
        wait_until(lambda: server.rows(beats) != first)
        assert (state_of(server, "returns.md"), replies(server, "queued")) == ("initial", 1)
        # As several machines do, they share what is stored.
        with WorkerProcess(server):
            wait_until(lambda: state_of(server, "returns.md") == "done")
            wait_until(lambda: replies(server, "complete") == 1)
    store.end()
