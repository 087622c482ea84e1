"""From a message that is stored to a reply that runs, whoever asked: a socket or a request."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any, TypeVar
from uuid import UUID

from chat.db import in_database
from chat.models import Reply, ReplyState
from chat.replies.engine import engine
from chat.replies.records import Claim, claim_of

T = TypeVar("T")
#: Stores a message for the process with this id; with True its reply may run at once. Returns what the caller
#: wants of it, and the reply if it is new.
Post = Callable[[UUID, bool], tuple[T, Reply | None]]


async def ask(post: Post[T]) -> T:
    """Store the message in one hop and run its reply here, at once or when its turn comes; what a process is
    asked that drains, another one answers."""
    started = await engine()
    with started.runner.reserve() as start:
        made, reply, claim = await in_database(_claimed, post, started.taker, start)
        if claim is not None:
            started.runner.begin(claim)
    if claim is None and reply is not None:
        started.submit(reply.pk)
    return made


def _claimed(post: Post[T], process: UUID, start: bool) -> tuple[T, Reply | None, Claim | None]:
    made, reply = post(process, start)
    running = reply is not None and reply.state == ReplyState.RUNNING
    return made, reply, claim_of(reply) if running and reply else None


async def whole(work: Coroutine[Any, Any, T]) -> T:
    """Once begun it is done, even if whoever wanted it goes meanwhile."""
    return await asyncio.shield(asyncio.create_task(work))
