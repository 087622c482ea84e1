"""What the socket's frames do, between the services (synchronous) and the engine (in the loop)."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, replace
from functools import partial
from uuid import UUID

from chat.db import in_database, transact
from chat.exceptions import NotFound
from chat.models import Conversation, Reply
from chat.principals import Principal
from chat.replies.asking import ask
from chat.replies.engine import engine
from chat.selectors import conversation_for, conversations_of, message_for, replies_to_follow
from chat.services import replies
from chat.services.messages import post_message
from chat.services.visitors import Guest, allowed_metadata, check_open, settle
from chat.shapes import Shape, conversation_row, message_shape, new_message_shape
from chat.ws.frames import Send


@dataclass(frozen=True, slots=True)
class Sent:
    """``created`` is False for a repeat; ``began``: it was the first message of a new conversation.
    ``settled``: the visitor of whom something is stored from now on."""

    shape: Shape
    created: bool
    began: bool
    reply: UUID | None
    settled: Guest | None = None


async def send(principal: Principal, frame: Send, guest: Guest | None) -> Sent:
    """Store the message, with the visitor if it is their first, and start its reply."""
    if guest is not None:
        return await ask(partial(_post_of_guest, guest, frame))
    return await ask(partial(_post, principal, frame))


def _post_of_guest(guest: Guest, frame: Send, process: UUID, start: bool) -> tuple[Sent, Reply | None]:
    with transact():
        check_open(guest)
        settled = settle(guest, frame.profile) if guest.token is None else None
        metadata = allowed_metadata(guest.principal, frame.queryMetadata)
        sent, reply = _post(guest.principal, replace(frame, queryMetadata=metadata), process, start)
    return replace(sent, settled=settled), reply


def _post(principal: Principal, frame: Send, process: UUID, start: bool) -> tuple[Sent, Reply | None]:
    posted = post_message(
        principal=principal,
        id=frame.id,
        conversation=frame.conversation,
        content=frame.content,
        chatbot=frame.chatbot,
        attachments=frame.attachments,
        query_metadata=frame.queryMetadata,
        process=process,
        start=start,
    )
    reply = posted.reply
    sent = Sent(
        shape=new_message_shape(posted.message, reply, by=principal, attached=posted.attached)
        if posted.created
        else message_shape(posted.message, reply, to=principal),
        created=posted.created,
        began=posted.created and posted.message.position == 1,
        reply=reply.pk if reply else None,
    )
    return sent, reply if posted.created else None


async def retry(principal: Principal, message: UUID, guest: Guest | None) -> Shape:
    started = await engine()
    reply = await in_database(_retry, principal, message, started.taker, guest)
    started.submit(reply.pk)
    return await in_database(message_of, principal, message)


def _retry(principal: Principal, message: UUID, process: UUID, guest: Guest | None) -> Reply:
    if guest is None:
        return replies.retry(principal=principal, message=message, process=process)
    with transact():
        check_open(guest)
        return replies.retry(principal=principal, message=message, process=process)


async def stop(principal: Principal, reply: UUID) -> None:
    await in_database(replies.request_stop, principal=principal, reply=reply)


def message_of(principal: Principal, id: UUID) -> Shape:
    return message_shape(message_for(principal, id), to=principal)


def rows(principal: Principal, ids: Collection[UUID]) -> dict[UUID, Shape]:
    """Of the conversations that are still there, as the list of conversations has them."""
    if len(ids) == 1:
        return {id: conversation_row(one) for id in ids if (one := _one(principal, id))}
    return {one.pk: conversation_row(one) for one in conversations_of(principal).filter(pk__in=ids)}


def _one(principal: Principal, id: UUID) -> Conversation | None:
    try:
        return conversation_for(principal, id)
    except NotFound:
        return None


def opened(principal: Principal, conversation: UUID, reply: UUID | None) -> list[UUID]:
    """The replies to follow in a conversation. One is followed through its own conversation: its log knows
    nothing of principals."""
    return replies_to_follow(conversation_for(principal, conversation), reply)
