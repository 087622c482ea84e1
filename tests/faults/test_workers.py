"""Workers as processes: killed, paused, ended, two at a time. E-mail is the work, because a mail server sees
how often each comes."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from chat.jobs.handlers import KINDS
from chat.jobs.queue import LEASE
from tests.harness.cluster import Store, on_postgresql
from tests.harness.scale import scaled
from tests.harness.server import ROOT, Server
from tests.harness.worker import WorkerProcess
from tests.jobs.mailbox import Mailbox
from tests.services import wait_until

pytestmark = pytest.mark.fault

AT_ONCE = KINDS["mail"].limit
ROUNDS = scaled(5, 1)
TOGETHER = scaled(1000, 200)
SEND = (
    "from django.core.mail import send_mail\n"
    "for number in range({count}):\n"
    "    send_mail('Hello', 'x', None, [f'{{number}}@example.com'])\n"
)


@pytest.fixture
def mailbox() -> Iterator[Mailbox]:
    with Mailbox() as running:
        yield running


@pytest.fixture
def place(mailbox: Mailbox, tmp_path: Path) -> Iterator[Server]:
    """Data and settings for workers; the server itself does not run."""
    idle = Server(tmp_path / "data", EMAIL_URL=mailbox.url)
    yield idle
    idle.__exit__()


def queue_mail(place: Server, count: int) -> None:
    script = SEND.format(count=count)
    subprocess.run(
        [sys.executable, "manage.py", "shell", "--no-imports", "-c", script],
        cwd=ROOT,
        env=place.variables,
        check=True,
    )


def jobs(place: Server, columns: str, where: str = "1 = 1") -> list[tuple[Any, ...]]:
    query = f"SELECT {columns} FROM chat_job WHERE kind = 'mail' AND {where} ORDER BY id"  # noqa: S608
    return place.rows(query)


def open_jobs(place: Server) -> int:
    return len(jobs(place, "id", "done_at IS NULL"))


@pytest.mark.parametrize("round", range(ROUNDS))
def test_jobs_of_a_killed_worker_are_done_by_the_next(place: Server, mailbox: Mailbox, round: int) -> None:
    mailbox.hold()
    queue_mail(place, 6)
    first = WorkerProcess(place)
    first.start()
    wait_until(lambda: mailbox.waiting == AT_ONCE)
    first.kill()
    assert open_jobs(place) == 6
    with WorkerProcess(place):
        mailbox.release()
        wait_until(lambda: open_jobs(place) == 0, seconds=LEASE.total_seconds() + 10)
    assert len(mailbox.ids()) == 6
    # What the killed one had under way came twice, under the same id; nothing else did.
    assert sorted(mailbox.ids().values()) == [1] * (6 - AT_ONCE) + [2] * AT_ONCE
    assert sorted(jobs(place, "attempts, given_up")) == [(1, 0)] * (6 - AT_ONCE) + [(2, 0)] * AT_ONCE


def test_what_runs_when_a_worker_is_told_to_end_is_done_first(place: Server, mailbox: Mailbox) -> None:
    mailbox.hold()
    queue_mail(place, 3)
    with WorkerProcess(place) as worker:
        wait_until(lambda: mailbox.waiting == 3)
        worker.process.terminate()
        wait_until(lambda: "draining" in worker.log)
        mailbox.release()
        assert worker.process.wait(20) == 0
    assert (open_jobs(place), list(mailbox.ids().values())) == (0, [1, 1, 1])


def test_what_does_not_end_in_time_is_due_again_at_once(place: Server, mailbox: Mailbox) -> None:
    mailbox.hold()
    queue_mail(place, 3)
    with WorkerProcess(place, drain=0.5) as worker:
        wait_until(lambda: mailbox.waiting == 3)
        worker.process.terminate()
        wait_until(lambda: jobs(place, "attempts, lease_until") == [(0, None)] * 3)
        mailbox.release()
        assert worker.process.wait(20) == 0
    with WorkerProcess(place):
        wait_until(lambda: open_jobs(place) == 0, seconds=5)


@on_postgresql
def test_two_workers_do_each_job_once(place: Server, mailbox: Mailbox, store: Store) -> None:
    queue_mail(place, TOGETHER)
    with WorkerProcess(place, REDIS_URL=store.url), WorkerProcess(place, REDIS_URL=store.url):
        wait_until(lambda: open_jobs(place) == 0, seconds=TOGETHER * 0.3)
    assert len(mailbox.ids()) == TOGETHER
    assert set(mailbox.ids().values()) == {1}
    assert set(jobs(place, "attempts, given_up")) == {(1, 0)}


@on_postgresql
def test_a_paused_worker_marks_nothing_done_that_another_took_over(
    place: Server, mailbox: Mailbox, store: Store
) -> None:
    mailbox.hold()
    queue_mail(place, 1)
    with WorkerProcess(place, REDIS_URL=store.url) as paused:
        wait_until(lambda: mailbox.waiting == 1)
        paused.pause()
        with WorkerProcess(place, REDIS_URL=store.url) as other:
            wait_until(lambda: jobs(place, "fence") == [(2,)], seconds=LEASE.total_seconds() + 10)
            wait_until(lambda: mailbox.waiting == 2)
            mailbox.release_first()
            paused.go_on()
            wait_until(lambda: "job_lost" in paused.log)
            assert open_jobs(place) == 1
            mailbox.release()
            wait_until(lambda: open_jobs(place) == 0)
            assert "job_lost" not in other.log
    assert jobs(place, "attempts, fence, given_up") == [(2, 2, 0)]


@pytest.mark.parametrize("first", ["server", "worker"])
def test_without_postgresql_and_redis_there_is_one_process(place: Server, first: str) -> None:
    def refused(command: str) -> str:
        done = subprocess.run(
            [sys.executable, "manage.py", command],
            cwd=ROOT,
            env=place.variables,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 1
        assert "Traceback" not in done.stderr
        return done.stderr

    with place if first == "server" else WorkerProcess(place):
        said = refused("worker" if first == "server" else "serve")
        assert "CommandError: Another Parley process is using" in said
        assert "DATABASE_URL to PostgreSQL and REDIS_URL" in said
