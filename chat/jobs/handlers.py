"""What can be done in the background: the one place that knows which coroutine does which kind of job.

A handler is called with the job's payload as keyword arguments. It may be called again after it has done its
work (its worker died before that was stored), so doing it twice must be the same as once. What blocks belongs
into ``in_database`` or a thread: the loop is that of the sockets.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.utils.module_loading import import_string

MINUTE, HOUR = 60, 3600


@dataclass(frozen=True, slots=True)
class Kind:
    """``limit``: how many of them one worker runs at a time. ``seconds``: the longest that one may take.

    ``pauses``: the seconds between one attempt and the next; after the last of them it is given up.
    ``every``: it comes again by itself so long after its end. ``given_up``: the function that is called with
    the payload in the transaction that gives a job up. ``share``: how many of those with the same value of
    ``share_of`` in their payload one worker runs at a time, so that they leave room for the others.
    """

    handler: str
    limit: int
    seconds: float
    pauses: tuple[float, ...]
    every: timedelta | None = None
    given_up: str = ""
    share_of: str = ""
    share: int = 0

    @property
    def attempts(self) -> int:
        return len(self.pauses) + 1

    def pause(self, attempts: int) -> float | None:
        """How long to wait after so many attempts, a fifth more or less so that what failed together does not
        come again together. None: give it up."""
        if attempts >= self.attempts:
            return None
        return self.pauses[attempts - 1] * random.uniform(0.8, 1.2)  # noqa: S311 (no secret)

    async def run(self, payload: dict[str, Any]) -> None:
        handler: Callable[..., Coroutine[Any, Any, None]] = import_string(self.handler)
        await handler(**payload)


KINDS: dict[str, Kind] = {
    "broadcast": Kind(
        "chat.services.broadcasts.send_some",
        limit=1,
        seconds=10 * MINUTE,
        pauses=(10, MINUTE, 10 * MINUTE, HOUR),
    ),
    "documents": Kind(
        "chat.services.documents.index",
        limit=2,
        seconds=10 * MINUTE,
        pauses=(10, MINUTE, 10 * MINUTE),
        given_up="chat.services.documents.mark_failed",
    ),
    "files": Kind(
        "chat.services.files.delete_stored",
        limit=4,
        seconds=MINUTE,
        pauses=(MINUTE, 10 * MINUTE, HOUR, 6 * HOUR, 24 * HOUR),
    ),
    "mail": Kind(
        "chat.services.mail.deliver",
        limit=4,
        seconds=2 * MINUTE,
        pauses=(30, 2 * MINUTE, 10 * MINUTE, HOUR, 4 * HOUR, 12 * HOUR),
    ),
    "webhook": Kind(
        "chat.webhooks.deliver.deliver",
        limit=16,
        seconds=MINUTE,
        # About three days: a receiver that breaks on a Friday evening has it on Monday.
        pauses=(
            5,
            MINUTE,
            5 * MINUTE,
            30 * MINUTE,
            *(hours * HOUR for hours in (2, 5, 10, 14, 20, 20)),
        ),
        share_of="chatbot",
        share=4,
    ),
    "housekeeping": Kind(
        "chat.services.housekeeping.clean",
        limit=1,
        seconds=HOUR,
        pauses=(MINUTE, 10 * MINUTE),
        every=timedelta(hours=1),
    ),
}
