"""All that the doctor looks at, at the same time, each with a time-out of its own."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncGenerator, Awaitable, Callable, Collection, Sequence
from dataclasses import dataclass
from functools import partial

from asgiref.sync import sync_to_async
from django.utils.translation import gettext as _

from chat.doctor.clock import examine_clock
from chat.doctor.completions import examine_completions
from chat.doctor.database import examine_database
from chat.doctor.findings import Finding, Subject
from chat.doctor.processes import examine_processes
from chat.doctor.public import examine_public
from chat.doctor.redis import examine_redis
from chat.doctor.settings import examine_settings
from chat.doctor.storage import examine_storage

logger = logging.getLogger(__name__)

AREAS = ("settings", "storage", "database", "redis", "processes", "clock", "public", "completions")


@dataclass(frozen=True, slots=True)
class Check:
    """``seconds``: ``None`` for what bounds each of its parts itself."""

    area: str
    examine: Callable[[], Awaitable[list[Finding]]]
    seconds: float | None


def titles() -> dict[str, str]:
    return {
        "settings": _("Settings"),
        "storage": _("Storage"),
        "database": _("Database"),
        "redis": _("Redis"),
        "processes": _("Processes"),
        "clock": _("Clock"),
        "public": _("As people reach it"),
        "completions": _("Completions"),
    }


def in_thread(function: Callable[[], list[Finding]]) -> Callable[[], Awaitable[list[Finding]]]:
    """Unlike ``asyncio.to_thread`` this takes the reader's language along."""
    return sync_to_async(function, thread_sensitive=False)


def checks(*, models: Sequence[str] | None, slow: bool) -> list[Check]:
    return [
        Check("settings", in_thread(examine_settings), 15),
        Check("storage", in_thread(examine_storage), 15),
        Check("database", examine_database, 30),
        Check("redis", examine_redis, 20),
        Check("processes", examine_processes, 15),
        Check("clock", examine_clock, 15),
        Check("public", partial(examine_public, slow=slow), 60 if slow else 25),
        Check("completions", partial(examine_completions, models), None),
    ]


async def examine(
    areas: Collection[str] = AREAS, *, models: Sequence[str] | None = (), slow: bool = False
) -> AsyncGenerator[Finding, None]:
    """The findings of these areas, in their order, each as soon as it and those before it are there.

    ``models``: also ask the language models of these names, all for ``None``. ``slow``: also what takes half
    a minute. Iterate it within ``contextlib.aclosing``.
    """
    chosen = [check for check in checks(models=models, slow=slow) if check.area in areas]
    tasks = [asyncio.create_task(outcome(check)) for check in chosen]
    try:
        for task in tasks:
            for finding in await task:
                yield finding
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def outcome(check: Check) -> list[Finding]:
    """A check that fails or hangs is a finding too."""
    subject = Subject(f"{check.area}.check", titles()[check.area])
    try:
        async with asyncio.timeout(check.seconds):
            return await check.examine()
    except TimeoutError:
        return [
            subject.wrong(
                _("No answer within %(seconds)d s.") % {"seconds": check.seconds or 0},
                _("See that what is asked here runs, is reached directly, and is not overloaded."),
            )
        ]
    except Exception as error:
        logger.exception("doctor_failed", extra={"area": check.area})
        return [
            subject.wrong(
                _("It could not be examined (%(reason)s).") % {"reason": type(error).__name__},
                _("See the lines above and the log, which has the whole error."),
            )
        ]
