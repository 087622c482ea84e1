"""Background work in the test's own process, and what a worker process is asked in the others."""

from __future__ import annotations

import asyncio

from django.db.models import Q
from django.db.models.functions import Now

from chat.db import in_database
from chat.jobs.worker import Worker
from chat.models import Job


def work_off() -> None:
    """Do all that is due, as a worker does, and wait for its end."""

    async def scene() -> None:
        worker = Worker()
        async with asyncio.timeout(30):
            while await in_database(is_open):  # noqa: ASYNC110 (the database tells nobody)
                await asyncio.sleep(0.02)
        await worker.drain(5)

    asyncio.run(scene())


def is_open() -> bool:
    """Whether anything is due or runs, housekeeping included, which a worker queues when it starts."""
    begun = Job.objects.filter(kind="housekeeping").exists()
    due = Job.objects.filter(Q(run_at__lte=Now()) | Q(lease_until__gt=Now()), done_at=None)
    return not begun or due.exists()
