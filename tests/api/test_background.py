"""From a message to its webhook with nothing in this process: the client is curl, the receiver and the
workers are processes of their own, and who works on it is killed."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from chat.replies.attempts import ATTEMPTS
from tests.api.contracts import MESSAGE, differences
from tests.harness.server import ROOT, Server, free_port
from tests.harness.worker import WorkerProcess
from tests.services import wait_until
from tests.simulator.process import SimulatorProcess
from tests.simulator.text import expected_text
from tests.webhooks.receiver import Heard, heard_in


class Site:
    """A server without a worker, and a receiver of its chatbot's webhooks."""

    def __init__(self, folder: Path, upstream: str) -> None:
        self.calls, self.port = folder / "calls.jsonl", free_port()
        variables = {"RUN_WORKER_IN_WEB": "false", "WEBHOOK_PRIVATE_ADDRESSES": "true"}
        self.server = Server(folder / "data", upstream, **variables)
        command = [sys.executable, "-m", "tests.webhooks.receiver", str(self.port), str(self.calls)]
        self.receiver = subprocess.Popen(command, cwd=ROOT)

    def end(self) -> None:
        self.receiver.kill()
        self.receiver.wait()
        self.server.__exit__()

    def curl(self, path: str, body: Any = None, method: str = "") -> Any:
        person = self.server.people["alice"]
        headers = ["-H", f"Authorization: Api-Key {person['key']}", "-H", "Content-Type: application/json"]
        sent = ["-d", json.dumps(body)] if body is not None else []
        how = ["-X", method] if method else []
        url = f"{self.server.origin}/api/v1/{path}"
        answer = subprocess.run(
            ["curl", "-sS", "--fail-with-body", *how, *headers, *sent, url],
            capture_output=True,
            text=True,
            check=False,
        )
        assert answer.returncode == 0, answer.stdout + answer.stderr
        return json.loads(answer.stdout)

    def begin(self) -> str:
        chatbot = self.server.people["alice"]["chatbot"]
        hook = {"webhookUrl": f"http://127.0.0.1:{self.port}/webhook"}
        place = self.curl(f"chatbots/{chatbot}/", hook, "PATCH")["apiWebChatId"]
        return str(self.curl("conversations/", {"webChat": place})["id"])

    def answers(self, conversation: str) -> list[dict[str, Any]]:
        page = self.curl(f"messages/?conversation={conversation}&pageSize=10")
        return [one for one in page["results"] if one["type"] == "outgoing"]

    def states(self) -> list[str]:
        return [state for (state,) in self.server.rows("SELECT state FROM chat_reply ORDER BY attempt")]

    def heard(self) -> list[Heard]:
        return heard_in(self.calls)


@pytest.fixture
def site(tmp_path: Path, simulator: SimulatorProcess) -> Iterator[Site]:
    made = Site(tmp_path, simulator.url)
    made.server.start()
    yield made
    made.end()


def test_a_message_is_answered_and_told_although_the_server_and_workers_end_before(site: Site) -> None:
    conversation = site.begin()
    words = "sim:tokens=60,rate=10,seed=3"
    sent = site.curl("messages/", {"conversation": conversation, "content": words, "attachments": []})
    assert site.answers(conversation) == []
    site.server.kill()
    taken_along(site)
    with WorkerProcess(site.server, drain=0.1):
        wait_until(lambda: site.states() == ["interrupted", "running"])
    with WorkerProcess(site.server):
        wait_until(lambda: len(site.heard()) == 1, seconds=60)
    assert site.states() == ["interrupted", "interrupted", "complete"]
    site.server.start()
    (answer,) = site.answers(conversation)
    assert differences(answer, MESSAGE) == []
    assert answer["content"] == expected_text(60, 3)
    (heard,) = site.heard()
    assert {name: heard.message[name] for name in MESSAGE} == answer
    assert heard.message["conversation_id"] == sent["conversation"] == conversation


def test_what_takes_every_worker_with_it_is_told_as_it_is(site: Site) -> None:
    conversation = site.begin()
    site.curl("messages/", {"conversation": conversation, "content": "sim:tokens=60,rate=10"})
    site.server.kill()
    site.server.execute("UPDATE chat_reply SET attempt = ?", ATTEMPTS)
    taken_along(site)
    with WorkerProcess(site.server):
        wait_until(lambda: len(site.heard()) == 1, seconds=60)
    assert site.states() == ["interrupted"]
    assert site.heard()[0].message["status"] == "interrupted"


def taken_along(site: Site) -> None:
    """A worker takes the reply and dies of it."""
    worker = WorkerProcess(site.server)
    worker.start()
    wait_until(lambda: site.states() == ["running"])
    worker.kill()
