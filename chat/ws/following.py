"""From a reply's log to frames."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import aclosing
from functools import partial
from uuid import UUID

from chat.principals import Principal
from chat.replies.following import News, Snapshot, follow
from chat.replies.log import Cited, Ended, Started, Text, Waiting
from chat.selectors import reply_to_read
from chat.shapes import error_shape, numbers_alone, seconds_until
from chat.ws.frames import (
    ReplyCitations,
    ReplyDelta,
    ReplyEnded,
    ReplySnapshot,
    ReplyStarted,
    ReplyWaiting,
    ServerFrame,
)


async def frames_of(
    principal: Principal, conversation: UUID, reply: UUID, after: int
) -> AsyncGenerator[ServerFrame, None]:
    """Every frame of a reply after ``after``, to its end."""
    names = str(conversation), str(reply)
    async with aclosing(follow(reply, after, partial(reply_to_read, principal, reply))) as batches:
        async for batch in batches:
            for event in batch:
                yield frame_of(event, names, sources=principal.sees_sources)


def frame_of(event: News, names: tuple[str, str], *, sources: bool) -> ServerFrame:
    """``names``: the ids of the conversation and of the reply as frames have them. Without ``sources`` the
    frame of what is cited stays, because its number counts, with the numbers in the text."""
    conversation, reply = names
    match event:
        case Text():
            return ReplyDelta(reply, event.from_seq, event.seq, event.text)
        case Snapshot():
            return ReplySnapshot(reply, event.seq, event.text)
        case Started():
            return ReplyStarted(reply, conversation, str(event.outgoing), event.attempt)
        case Cited() if not sources:
            return ReplyCitations(reply, event.seq, [], numbers_alone(event.nodes))
        case Cited():
            return ReplyCitations(reply, event.seq, event.citations, event.nodes)
        case Waiting():
            return ReplyWaiting(reply, event.seq, seconds_until(event.at), event.code)
        case Ended():
            error = error_shape(event.state, event.error_code, retry_at=event.retry_at)
            return ReplyEnded(reply, event.seq, event.state, event.length, str(event.outgoing), error)
