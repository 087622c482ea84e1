"""Hints: "there is news of X", sent through the channel layer to whoever listens, in any process.

A hint may be lost (the layer promises at most once), so it never carries the only copy of anything: who
gets one reads the database or the reply's log.
"""

from __future__ import annotations

import asyncio
import logging
from typing import Any, Literal, TypedDict
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


def owner_group(*, owner: UUID | None, contact: UUID | None) -> str:
    """The group of the member or visitor to whom a conversation belongs."""
    if owner is not None:
        return f"principal.member.{owner.hex}"
    return f"principal.visitor.{contact.hex}" if contact is not None else "principal.nobody"


def listen_on(loop: asyncio.AbstractEventLoop) -> None:
    """Name the event loop in which this process's sockets and replies live."""
    global _loop
    _loop = loop


def hint(*groups: str, what: What, id: UUID, conversation: UUID) -> None:
    """Send a hint after the surrounding transaction has committed; callable from any thread."""
    event = Hint(type="hint", what=what, id=str(id), conversation=str(conversation))
    transaction.on_commit(lambda: _emit(groups, event))


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
