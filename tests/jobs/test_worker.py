"""The worker, when its database did not answer for longer than a lease lasts, or a row was lost."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import timedelta
from unittest.mock import patch

from django.db.models.functions import Now
from django.test import TransactionTestCase

from chat.db import in_database
from chat.jobs import queue
from chat.jobs.worker import Worker
from chat.models import Job


class LapsedLeaseTests(TransactionTestCase):
    def test_a_worker_that_takes_its_own_job_again_ends_the_first_attempt_and_holds_the_second(self) -> None:
        attempts: list[str] = []
        go_on = asyncio.Event()

        async def handler(**_: str) -> None:
            number = len(attempts)
            attempts.append("runs")
            try:
                await go_on.wait()
                attempts[number] = "done"
            except asyncio.CancelledError:
                attempts[number] = "cancelled"
                raise

        async def scene() -> None:
            worker = Worker()
            await until(lambda: attempts == ["runs"])
            await in_database(lapse)
            await until(lambda: attempts == ["cancelled", "runs"])
            self.assertEqual(worker.running, 1)
            go_on.set()
            await until(lambda: not worker.running)
            await worker.drain(5)

        with (
            patch("chat.jobs.worker.BEAT_SECONDS", 60),
            patch("chat.jobs.handlers.import_string", return_value=handler),
            patch("chat.jobs.queue.start_periodic"),
        ):
            queue.enqueue("files", {"name": "x"})
            asyncio.run(scene())
        self.assertEqual(attempts, ["cancelled", "done"])
        self.assertIsNotNone(Job.objects.get(kind="files").done_at)


class LostRowTests(TransactionTestCase):
    def test_what_comes_again_by_itself_is_queued_anew_when_its_row_is_gone(self) -> None:
        queued = Job.objects.filter(kind="housekeeping", done_at=None)

        async def scene() -> None:
            worker = Worker()
            for _ in range(2):
                while not await in_database(queued.exists):  # noqa: ASYNC110 (nothing tells of it)
                    await asyncio.sleep(0.02)
                await until(lambda: not worker.running)
                await in_database(queued.delete)
            await worker.drain(5)

        with patch("chat.jobs.worker.PERIODIC_SECONDS", 0.05), patch("chat.jobs.worker.POLL_SECONDS", 0.05):
            asyncio.run(asyncio.wait_for(scene(), 20))


def lapse() -> None:
    Job.objects.update(run_at=Now() - timedelta(seconds=1), lease_until=Now() - timedelta(seconds=1))


async def until(happened: Callable[[], bool]) -> None:
    async with asyncio.timeout(20):
        while not happened():  # noqa: ASYNC110 (nothing tells of it)
            await asyncio.sleep(0.01)
