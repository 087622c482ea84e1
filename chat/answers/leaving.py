"""What becomes of a reply whose client has gone: it goes on, unless the client asked that it be stopped.

With an ``Idempotency-Key`` a client may come back, so such a reply is stopped only after nobody at all has
read it for ``UNREAD_SECONDS``: not over HTTP, not in a socket, not in another process.
"""

from __future__ import annotations

import asyncio
import logging
from uuid import UUID

from chat.db import in_database, unless_away
from chat.models import ENDED, Reply
from chat.principals import Principal
from chat.replies.engine import engine
from chat.services.replies import request_stop

logger = logging.getLogger(__name__)

UNREAD_SECONDS = 30.0
LOOK_SECONDS = 1.0

_watching: dict[UUID, asyncio.Task[None]] = {}


def left(principal: Principal, reply: UUID, *, comes_back: bool) -> None:
    """The client that wanted the reply stopped when it goes has gone."""
    if reply in _watching:
        return
    task = asyncio.create_task(_stop(principal, reply, comes_back=comes_back), name=f"left {reply}")
    _watching[reply] = task
    task.add_done_callback(lambda _: _watching.pop(reply, None))


async def _stop(principal: Principal, reply: UUID, *, comes_back: bool) -> None:
    try:
        if not comes_back or await _unread(reply):
            await in_database(request_stop, principal=principal, reply=reply)
    except Exception:
        logger.exception("left_reply_not_stopped")


async def _unread(reply: UUID) -> bool:
    """Wait until nobody has read it for so long; False: it has ended before."""
    loop = asyncio.get_running_loop()
    log = (await engine()).log
    read_at = loop.time()
    while loop.time() - read_at < UNREAD_SECONDS:
        await asyncio.sleep(LOOK_SECONDS)
        if log.is_read(reply):  # as far as is known here: of one that runs elsewhere for ever
            read_at = loop.time()
        if await unless_away(has_ended, reply):
            return False
    return True


def has_ended(reply: UUID) -> bool:
    return not Reply.objects.filter(pk=reply).exclude(state__in=ENDED).exists()
