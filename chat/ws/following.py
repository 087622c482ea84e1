"""From a reply's log to frames."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator
from uuid import UUID

from chat.db import in_database
from chat.models import ENDED, Reply
from chat.principals import Principal
from chat.replies.engine import engine
from chat.replies.log import Cited, Ended, Event, LogGone, Reader, Started, Text
from chat.selectors import reply_for
from chat.shapes import error_shape
from chat.ws.frames import (
    ReplyCitations,
    ReplyDelta,
    ReplyEnded,
    ReplySnapshot,
    ReplyStarted,
    ServerFrame,
)

#: A reader that has just sent waits so long for more before it sends again. The first text goes at once; a
#: fast model's tokens are joined, which saves most of the frames and costs nothing a reader can see.
JOIN_SECONDS = 0.025


async def follow(
    principal: Principal, conversation: UUID, reply: UUID, after: int
) -> AsyncGenerator[ServerFrame, None]:
    """Every frame of a reply after ``after``, to its end. Subscribes first, then replays, then follows.

    What the log does not hold is read from the database: the text as it is stored, and the end.
    """
    reader = await (await engine()).log.reader(reply)
    try:
        if not reader.known:
            row = await in_database(reply_with_message, principal, reply)
            if (row.state in ENDED or row.seq > after) and not reader.known:
                for frame in stored(row):
                    yield frame
                if row.state in ENDED:
                    return
                after = row.seq  # another process runs it
        try:
            async for event in joined(reader, after):
                yield frame_of(event, conversation, reply)
        except LogGone:
            row = await in_database(reply_with_message, principal, reply)
            for frame in stored(row):
                yield frame
            if row.state not in ENDED:
                async for event in joined(reader, row.seq):
                    yield frame_of(event, conversation, reply)
    finally:
        reader.close()


async def joined(reader: Reader, after: int) -> AsyncIterator[Event]:
    loop = asyncio.get_running_loop()
    sent_at = 0.0
    async for batch in reader.events(after):
        for event in batch:
            yield event
        if (early := sent_at + JOIN_SECONDS - loop.time()) > 0:
            await asyncio.sleep(early)
        sent_at = loop.time()


def frame_of(event: Event, conversation: UUID, reply: UUID) -> ServerFrame:
    match event:
        case Text():
            return ReplyDelta(str(reply), event.from_seq, event.seq, event.text)
        case Started():
            return ReplyStarted(str(reply), str(conversation), str(event.outgoing), event.attempt)
        case Cited():
            return ReplyCitations(str(reply), event.seq, event.citations, event.nodes)
        case Ended():
            error = error_shape(event.state, event.error_code)
            return ReplyEnded(str(reply), event.seq, event.state, event.length, str(event.outgoing), error)


def reply_with_message(principal: Principal, reply: UUID) -> Reply:
    found = reply_for(principal, reply)
    return Reply.objects.select_related("outgoing").get(pk=found.pk)


def stored(row: Reply) -> list[ServerFrame]:
    """What the database knows: the text, and the end if there is one."""
    reply = str(row.pk)
    frames: list[ServerFrame] = [ReplySnapshot(reply, row.seq, row.text)]
    if row.state in ENDED:
        if row.outgoing.citation_nodes:
            frames.append(ReplyCitations(reply, row.seq, row.outgoing.citations, row.outgoing.citation_nodes))
        error = error_shape(row.state, row.error_code)
        frames.append(ReplyEnded(reply, row.seq + 1, row.state, len(row.text), str(row.outgoing_id), error))
    return frames
