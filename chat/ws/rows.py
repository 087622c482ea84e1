"""Rows of the list of conversations, for the tabs that show it.

A row is news that can wait for a moment. In that moment others change: a tab asks for all of its own at once,
and the tabs of one person, which show the same list, ask together.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any
from uuid import UUID

from chat.db import in_database
from chat.principals import Principal
from chat.shapes import Shape
from chat.ws import actions

#: So long a look waits for what else is to be looked for.
GATHER_SECONDS = 0.05


class Looks:
    """Looks rows up for all tabs of this process."""

    def __init__(self, look: Callable[[Principal, set[UUID]], Awaitable[dict[UUID, Shape]]]) -> None:
        self._look = look
        self._next: dict[Principal, tuple[set[UUID], asyncio.Task[dict[UUID, Shape]]]] = {}

    async def rows(self, principal: Principal, ids: set[UUID]) -> dict[UUID, Shape]:
        """Of those that are there, and perhaps of more, as they are after this call."""
        if principal not in self._next:
            task = asyncio.create_task(self._look_together(principal))
            task.add_done_callback(_seen)
            self._next[principal] = set(), task
        wanted, task = self._next[principal]
        wanted |= ids
        return await asyncio.shield(task)

    async def _look_together(self, principal: Principal) -> dict[UUID, Shape]:
        await asyncio.sleep(GATHER_SECONDS)
        wanted, _ = self._next.pop(principal)
        return await self._look(principal, wanted)


def _seen(look: asyncio.Task[Any]) -> None:
    """Its failure is for those who wait for it, and no news if they have gone."""
    if not look.cancelled():
        look.exception()


async def look(principal: Principal, ids: set[UUID]) -> dict[UUID, Shape]:
    return await in_database(actions.rows, principal, ids)


looks = Looks(look)


class Rows:
    """What changed of the list that one tab shows. ``show`` is called with each row."""

    def __init__(
        self, principal: Principal, show: Callable[[Shape], Awaitable[None]], looks: Looks = looks
    ) -> None:
        self._principal, self._show, self._looks = principal, show, looks
        self._changed: set[UUID] = set()
        self._looked_for: set[UUID] = set()
        self._showing = False

    def changed(self, id: UUID) -> bool:
        """Whether somebody has to call ``show_all`` now."""
        self._changed.add(id)
        idle, self._showing = not self._showing, True
        return idle

    def gone(self, id: UUID) -> None:
        """Show it no more, though it may have been read before it was deleted."""
        self._changed.discard(id)
        self._looked_for.discard(id)

    async def show_all(self) -> None:
        try:
            while self._changed:
                self._looked_for, self._changed = self._changed, set()
                rows = await self._looks.rows(self._principal, self._looked_for)
                for id, row in rows.items():
                    if id in self._looked_for:
                        await self._show(row)
                        await asyncio.sleep(0)  # many tabs with many rows: others are in more of a hurry
        finally:
            self._showing = False
