"""One HTTP client's reading of a reply: its new text piece by piece, from any character on, to its end."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from contextlib import aclosing
from dataclasses import dataclass, replace
from functools import partial
from uuid import UUID

from django.utils.translation import gettext_lazy as _

from chat.answers.failures import may_be_asked_again
from chat.answers.leaving import left
from chat.answers.places import Place, places
from chat.db import in_database
from chat.exceptions import StorageBusy
from chat.models import Reply, ReplyState
from chat.principals import Principal
from chat.replies.asking import Post, ask
from chat.replies.engine import engine
from chat.replies.following import Snapshot, follow
from chat.replies.log import Cited, Ended, Text
from chat.selectors import reply_to_read
from chat.services.messages import Posted
from chat.services.replies import retry

#: After so long without news it is looked whether the key is still good, and whether a sign of life is due.
QUIET_SECONDS = 1.0


@dataclass(frozen=True, slots=True)
class Wish:
    """``stops``: the reply is stopped when the client leaves; if it ``comes_back``, not at once."""

    stops: bool = False
    comes_back: bool = False


class Reading:
    """``sent`` is the number of code points that the client has, in this reading or from an earlier one."""

    def __init__(self, principal: Principal, reply: Reply, place: Place, wish: Wish, *, sent: int) -> None:
        self.reply = reply
        self.sent = sent
        self.cited: Cited | None = None
        self.ended: Ended | None = None
        self._principal, self._place, self._wish = principal, place, wish
        self._look = partial(reply_to_read, principal, reply.pk)
        self._at = 0

    async def texts(self) -> AsyncGenerator[str, None]:
        """What comes after ``sent``; an empty text when there is nothing new for a while. When it is over
        there is ``ended``. Raises ``KeyRevoked``."""
        try:
            async with aclosing(follow(self.reply.pk, 0, self._look, quiet=QUIET_SECONDS)) as batches:
                async for batch in batches:
                    self._place.check()
                    text = ""
                    for event in batch:
                        match event:
                            case Text():
                                text += self._new(self._at + len(event.text), event.text)
                            case Snapshot():
                                text += self._new(len(event.text), event.text)
                            case Cited():
                                self.cited = event
                            case Ended():
                                self.ended = event
                    if text or not batch:
                        yield text
        finally:
            places.leave(self._place)
            if self.ended is None and self._wish.stops:
                left(self._principal, self.reply.pk, comes_back=self._wish.comes_back)

    async def whole(self) -> Reply:
        """The reply as it is stored when it has ended, with its outgoing message."""
        async with aclosing(self.texts()) as texts:
            async for _text in texts:
                pass
        return await self.stored()

    async def stored(self) -> Reply:
        return await in_database(self._look)

    def _new(self, at: int, text: str) -> str:
        """Of a text that ends at this place of the reply, what the client does not have. The stored text may
        be behind what has been sent: then there is nothing until it has caught up."""
        self._at = at
        new = at - self.sent
        if new <= 0:
            return ""
        self.sent = at
        return text[-new:]


async def begin_reading(principal: Principal, post: Post[Posted], wish: Wish, *, sent: int = 0) -> Reading:
    """Store what ``post`` stores, start its reply and read it; one that is new from its beginning. Where
    ``post`` finds a reply that failed, whose reader has nothing of it and was told when to come again, there
    is another attempt."""
    place = places.take(principal)
    try:
        posted = await _asked(principal, post, wish, begins=not sent)
    except BaseException:
        places.leave(place)
        raise
    assert posted.reply is not None  # noqa: S101 (``ask_chatbot`` makes one always)
    return Reading(principal, posted.reply, place, wish, sent=0 if posted.created else sent)


async def _asked(principal: Principal, post: Post[Posted], wish: Wish, *, begins: bool) -> Posted:
    if (await engine()).runner.draining:
        raise StorageBusy(_("The server is about to restart. Try again in a moment."))
    asking = asyncio.create_task(_ask(principal, post, begins=begins))
    try:
        return await asyncio.shield(asking)
    except asyncio.CancelledError:
        if wish.stops:
            asking.add_done_callback(partial(_left_early, principal, wish))
        raise


async def _ask(principal: Principal, post: Post[Posted], *, begins: bool) -> Posted:
    posted = await ask(post)
    ended = posted.reply
    if ended is None or posted.created or not begins or not may_be_asked_again(ended):
        return posted
    return replace(posted, reply=await ask(partial(_again, principal, ended)))


def _again(principal: Principal, ended: Reply, process: UUID, _start: bool) -> tuple[Reply, Reply | None]:
    reply = retry(principal=principal, message=ended.incoming_id, process=process, instead_of=ended.pk)
    return reply, reply if reply.state == ReplyState.QUEUED else None  # else somebody else's runs already


def _left_early(principal: Principal, wish: Wish, asking: asyncio.Task[Posted]) -> None:
    """The client went while its question was being stored."""
    if not asking.cancelled() and not asking.exception() and (reply := asking.result().reply):
        left(principal, reply.pk, comes_back=wish.comes_back)


async def continue_reading(principal: Principal, reply: UUID, wish: Wish, *, sent: int) -> Reading:
    """Read a reply further that was begun by another request. Raises ``NotFound``."""
    place = places.take(principal)
    try:
        found = await in_database(reply_to_read, principal, reply)
    except BaseException:
        places.leave(place)
        raise
    return Reading(principal, found, place, wish, sent=sent)
