"""Webhooks and workers that are killed: nothing is lost, and what comes twice has one id."""

from __future__ import annotations

import random
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from chat.jobs.handlers import KINDS
from tests.harness.scale import scaled
from tests.harness.server import ROOT, Server
from tests.harness.worker import WorkerProcess
from tests.services import wait_until
from tests.webhooks.receiver import Heard, Reaction, Receiver

EVENTS = scaled(1000, 30)
KILLS = scaled(5, 1)
AT_ONCE = KINDS["webhook"].share
#: A question of a program's, to be answered in the background.
ASK = """
from uuid import uuid4
from chat.models import Chatbot
from chat.principals import Principal
from chat.services.messages import post_message
chatbot = Chatbot.objects.order_by("created_at").first()
Chatbot.objects.filter(pk=chatbot.pk).update(webhook_url="{url}")
program = Principal("key", uuid4(), chatbot.organization_id)
post_message(principal=program, id=uuid4(), conversation=uuid4(), content="May I?", chatbot=chatbot.pk)
"""
#: Many messages that have just come to their end.
ANNOUNCE = """
from chat.db import transact
from chat.models import Chatbot, Conversation, Message
from chat.webhooks.outbox import announce
chatbot = Chatbot.objects.order_by("created_at").first()
Chatbot.objects.filter(pk=chatbot.pk).update(webhook_url="{url}")
chatbot.refresh_from_db()
talk = Conversation.objects.create(organization=chatbot.organization, chatbot=chatbot, created_by="x")
with transact():
    for position in range({count}):
        made = Message.objects.create(conversation=talk, position=position, type="outgoing", created_by="x")
        announce(talk, made.pk)
"""


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with Receiver() as running:
        yield running


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Server]:
    """Data and settings for workers; the server itself does not run."""
    idle = Server(tmp_path / "data", WEBHOOK_PRIVATE_ADDRESSES="true")
    yield idle
    idle.__exit__()


def run(place: Server, script: str) -> None:
    command = [sys.executable, "manage.py", "shell", "--no-imports", "-c", script]
    subprocess.run(command, cwd=ROOT, env=place.variables, check=True)


def left(place: Server) -> int:
    return len(place.rows("SELECT id FROM chat_job WHERE kind = 'webhook' AND done_at IS NULL"))


def hurry(place: Server, *, leased: bool = False) -> None:
    """The clock goes on until everything is due that waits; with ``leased``, what a dead worker held too."""
    waiting = "" if leased else " AND lease_until IS NULL AND run_at > CURRENT_TIMESTAMP"
    place.execute(f"UPDATE chat_job SET run_at = '2020-01-01 00:00:00' WHERE kind = 'webhook'{waiting}")  # noqa: S608


def secret_of(place: Server) -> str:
    """As an owner sees it when it is made; here it is read, and decrypted with the server's own key."""
    script = (
        "from chat.models import Chatbot; print(*Chatbot.objects.values_list('webhook_secret', flat=True))"
    )
    command = [sys.executable, "manage.py", "shell", "--no-imports", "-c", script]
    return subprocess.run(
        command, cwd=ROOT, env=place.variables, check=True, capture_output=True, text=True
    ).stdout.strip()


@pytest.mark.fault
def test_a_worker_that_dies_after_the_delivery_and_before_its_record_delivers_again_under_one_id(
    place: Server, receiver: Receiver
) -> None:
    receiver.hold()
    run(place, ASK.format(url=receiver.url))
    worker = WorkerProcess(place)
    worker.start()
    wait_until(lambda: len(receiver.heard) == 1)
    worker.kill()
    receiver.release()
    assert left(place) == 1
    hurry(place, leased=True)
    with WorkerProcess(place):
        wait_until(lambda: left(place) == 0)
    first, second = receiver.heard
    assert first.id == second.id == first.message["id"] == second.message["id"]
    assert first.message["content"]
    # The attempt of which nobody knows how it went stands there too.
    records = place.rows("SELECT attempt, status_code, error FROM chat_webhookrecord ORDER BY attempt")
    assert records == [(1, None, "no_end"), (2, 200, "")]


class Flaky(Receiver):
    """Down one time in ten."""

    def __init__(self) -> None:
        super().__init__()
        self.taken: list[Heard] = []
        self._dice = random.Random(20)

    def take(self, heard: Heard) -> Reaction:
        self.heard.append(heard)
        if self._dice.random() < 0.1:
            return Reaction(503)
        self.taken.append(heard)
        return Reaction()


@pytest.mark.fault
def test_every_event_arrives_although_receiver_and_workers_fail(place: Server) -> None:
    with Flaky() as receiver:
        run(place, ANNOUNCE.format(url=receiver.url, count=EVENTS))
        for kill in range(1, KILLS + 1):
            worker = WorkerProcess(place)
            worker.start()
            wait_until(lambda kill=kill: len(receiver.heard) >= EVENTS * kill // (KILLS + 1), seconds=120)
            worker.kill()
            hurry(place, leased=True)
        with WorkerProcess(place):
            deadline = time.monotonic() + 300
            while left(place) and time.monotonic() < deadline:
                hurry(place)
                time.sleep(0.2)
    times = Counter(heard.id for heard in receiver.taken)
    assert (len(times), left(place)) == (EVENTS, 0)
    assert times.total() - EVENTS <= KILLS * AT_ONCE
    secret = secret_of(place)
    assert {heard.verified(secret)["id"] == heard.id for heard in receiver.heard} == {True}
