"""Hints: "there is news of X", sent through the channel layer to whoever listens, in any process.

A hint may be lost (the layer promises at most once), so it never carries the only copy of anything: who
gets one reads the database or the reply's log.
"""

from __future__ import annotations

import asyncio
import logging
from typing import Any, Literal, Protocol, TypedDict
from uuid import UUID

from asgiref.sync import async_to_sync
from channels.layers import get_channel_layer
from django.db import transaction

logger = logging.getLogger(__name__)

What = Literal["message", "conversation", "deleted"]

_loop: asyncio.AbstractEventLoop | None = None


class Hint(TypedDict):
    """``message``: a message of the conversation is new or has a new attempt. ``conversation``: its row
    changed. ``deleted``: it is gone."""

    type: Literal["hint"]
    what: What
    id: str
    conversation: str


def conversation_group(conversation: UUID) -> str:
    return f"conversation.{conversation.hex}"


class Owned(Protocol):
    """A conversation, as far as hints go."""

    pk: UUID
    owner_id: UUID | None
    contact_id: UUID | None


def owner_group(conversation: Owned) -> str | None:
    """The group of the member or visitor to whom a conversation belongs."""
    if conversation.owner_id is not None:
        return f"principal.member.{conversation.owner_id.hex}"
    return f"principal.visitor.{conversation.contact_id.hex}" if conversation.contact_id is not None else None


def listen_on(loop: asyncio.AbstractEventLoop) -> None:
    """Name the event loop in which this process's sockets and replies live."""
    global _loop
    _loop = loop


def hint(*groups: str, what: What, id: UUID, conversation: UUID) -> None:
    """Send a hint after the surrounding transaction has committed; callable from any thread."""
    event = Hint(type="hint", what=what, id=str(id), conversation=str(conversation))
    transaction.on_commit(lambda: _emit(groups, event))


def hint_row(conversation: Owned, what: What = "conversation") -> None:
    """Tell the conversation's owner that its row changed, or that it is gone."""
    if group := owner_group(conversation):
        hint(group, what=what, id=conversation.pk, conversation=conversation.pk)


def _emit(groups: tuple[str, ...], event: Hint) -> None:
    if _loop is not None and _loop.is_running():
        asyncio.run_coroutine_threadsafe(_send(groups, event), _loop)
    else:
        async_to_sync(_send)(groups, event)


async def _send(groups: tuple[str, ...], event: Hint) -> None:
    layer: Any = get_channel_layer()
    for group in groups:
        try:
            await layer.group_send(group, event)
        except Exception:
            # The layer's server may be away. A hint may be lost; what caused it may not fail.
            logger.warning("hint_lost group=%s", group, exc_info=True)
