"""A message posted through the API by one process, its answer received by another, and a worker that is
killed in between; nothing of it is in this process."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import requests

from tests.harness.cluster import Store
from tests.harness.server import ROOT, Server, free_port
from tests.harness.worker import WorkerProcess
from tests.services import wait_until
from tests.simulator.process import SimulatorProcess
from tests.webhooks.receiver import Heard, heard_in
from tests.webhooks.test_processes import hurry, left, secret_of


class Installation:
    """A server and its worker. On SQLite they are one process, and the server is killed with it."""

    def __init__(self, folder: Path, upstream: str) -> None:
        self.folder = folder
        self.store = Store(folder / "redis")
        variables = {"WEBHOOK_PRIVATE_ADDRESSES": "true"}
        self.server = Server(folder / "data", upstream, **variables)
        self.several = bool(self.server.database.variables)
        if self.several:
            self.server.variables |= {"REDIS_URL": self.store.url, "RUN_WORKER_IN_WEB": "false"}
        self.worker = WorkerProcess(self.server)

    def __enter__(self) -> Installation:
        if self.several:
            self.store.start()
        self.server.start()
        if self.several:
            self.worker.start()
        return self

    def __exit__(self, *_: object) -> None:
        if self.several:
            self.worker.__exit__()
        self.server.__exit__()
        self.store.end()

    def kill_worker(self) -> None:
        (self.worker if self.several else self.server).kill()

    def restart_worker(self) -> None:
        (self.worker if self.several else self.server).start()

    def command(self, *arguments: str) -> str:
        command = [sys.executable, "manage.py", *arguments]
        run = subprocess.run(
            command, cwd=ROOT, env=self.server.variables, check=True, capture_output=True, text=True
        )
        return run.stdout


@pytest.fixture
def server(simulator: SimulatorProcess, tmp_path: Path) -> Iterator[Installation]:
    with Installation(tmp_path, simulator.url) as running:
        yield running


class ReceiverProcess:
    def __init__(self, folder: Path) -> None:
        self.port, self.log = free_port(), folder / "calls.jsonl"
        self.url = f"http://127.0.0.1:{self.port}/webhook"

    def __enter__(self) -> ReceiverProcess:
        command = [sys.executable, "-m", "tests.webhooks.receiver", str(self.port), str(self.log)]
        self.process = subprocess.Popen(command, cwd=ROOT)
        return self

    def __exit__(self, *_: object) -> None:
        self.process.kill()
        self.process.wait()

    @property
    def heard(self) -> list[Heard]:
        return heard_in(self.log)

    def hold(self) -> None:
        self.log.with_suffix(".held").touch()

    def release(self) -> None:
        self.log.with_suffix(".held").unlink()


def test_an_answer_reaches_the_receiver_although_the_worker_is_killed_while_it_delivers_it(
    server: Installation,
) -> None:
    key = server.command("create_api_key", "Home", "End to end").split()[-1]
    with ReceiverProcess(server.folder) as receiver:
        receiver.hold()
        client = [sys.executable, "-m", "tests.webhooks.client", server.server.origin, key, receiver.url]
        said = subprocess.run(client, cwd=ROOT, check=True, capture_output=True, text=True)
        posted: dict[str, Any] = json.loads(said.stdout)
        wait_until(lambda: len(receiver.heard) == 1)
        server.kill_worker()
        receiver.release()
        hurry(server.server, leased=True)
        server.restart_worker()
        wait_until(lambda: left(server.server) == 0)
        first, second = receiver.heard

    sent = second.verified(secret_of(server.server))
    assert (first.id, first.body) == (second.id, second.body)
    assert sent["conversation_id"] == posted["message"]["conversation"]
    assert sent["content"]
    shown = requests.get(
        f"{server.server.origin}/api/messages/{sent['id']}/",
        headers={"Authorization": f"Api-Key {key}"},
        timeout=30,
    ).json()
    assert {name: sent[name] for name in shown} == shown
