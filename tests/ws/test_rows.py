"""The list of conversations in several tabs: each is told of every change, and together they ask once."""

from __future__ import annotations

import asyncio
from typing import Any
from uuid import UUID, uuid4

from chat.principals import Principal
from chat.shapes import Shape
from chat.ws.rows import Looks, Rows
from tests.harness.scene import run
from tests.harness.server import Server
from tests.harness.tab import Tab

ALICE, BOB = (Principal("member", uuid4(), uuid4(), name) for name in ("Alice", "Bob"))


def rows_in(tab: Tab) -> dict[str, dict[str, Any]]:
    """The newest that it was told of each conversation."""
    return {
        frame["conversation"]["id"]: frame["conversation"]
        for frame in tab.frames
        if frame["type"] == "conversation"
    }


def test_every_tab_is_told_of_every_conversation_to_its_end(server: Server) -> None:
    async def scene() -> None:
        async with Tab(server, "alice") as one, Tab(server, "alice") as other, Tab(server, "bob") as stranger:
            sent = [await one.send("sim:tokens=5") for _ in range(12)]
            conversations = {frame["message"]["conversation"] for frame in sent}
            for tab in (one, other):
                await tab.wait(
                    lambda tab=tab: (
                        conversations <= rows_in(tab).keys()
                        and not any(rows_in(tab)[id]["busy"] for id in conversations)
                    )
                )
            await stranger.say("ping")
            await stranger.frame("pong")
            assert not conversations & rows_in(stranger).keys()

    run(scene())


class Database:
    """Answers when it is told to, and remembers what it was asked."""

    def __init__(self) -> None:
        self.asked: list[tuple[Principal, set[UUID]]] = []
        self.is_asked = asyncio.Event()
        self.answers = asyncio.Event()
        self.error: Exception | None = None

    async def look(self, principal: Principal, ids: set[UUID]) -> dict[UUID, Shape]:
        self.asked.append((principal, set(ids)))
        self.is_asked.set()
        await self.answers.wait()
        if self.error:
            raise self.error
        return {id: {"id": str(id), "look": len(self.asked)} for id in ids}


def test_what_tabs_of_one_person_want_at_once_is_asked_once() -> None:
    async def scene() -> None:
        database = Database()
        database.answers.set()
        looks, ids = Looks(database.look), [uuid4() for _ in range(4)]
        wanted = [looks.rows(ALICE, {one, ids[0]}) for one in ids] + [looks.rows(BOB, {ids[0]})]
        found = await asyncio.gather(*wanted)
        assert database.asked == [(ALICE, set(ids)), (BOB, {ids[0]})]
        assert [set(rows) >= {one} for rows, one in zip(found, ids, strict=False)] == [True] * 4

    run(scene())


def test_what_changes_while_a_look_is_under_way_is_looked_for_again() -> None:
    async def scene() -> None:
        database, id = Database(), uuid4()
        looks = Looks(database.look)
        first = asyncio.create_task(looks.rows(ALICE, {id}))
        await database.is_asked.wait()
        second = asyncio.create_task(looks.rows(ALICE, {id}))
        await asyncio.sleep(0)
        database.answers.set()
        await first
        await second
        assert database.asked == [(ALICE, {id})] * 2

    run(scene())


def test_a_look_goes_on_for_the_others_when_one_tab_closes_and_fails_for_all() -> None:
    async def scene() -> None:
        database, id = Database(), uuid4()
        looks = Looks(database.look)
        closing, staying = (asyncio.create_task(looks.rows(ALICE, {id})) for _ in range(2))
        await database.is_asked.wait()
        closing.cancel()
        database.answers.set()
        assert (await staying)[id]["id"] == str(id)
        database.error = OSError("away")
        failing = await asyncio.gather(*(looks.rows(ALICE, {id}) for _ in range(2)), return_exceptions=True)
        assert failing == [database.error] * 2
        database.error = None
        assert id in await looks.rows(ALICE, {id})

    run(scene())


def test_what_was_read_before_it_was_deleted_is_not_shown_after_it() -> None:
    async def scene() -> None:
        database, deleted, kept = Database(), uuid4(), uuid4()
        shown: list[str] = []

        async def show(row: Shape) -> None:
            shown.append(row["id"])

        rows = Rows(ALICE, show, Looks(database.look))
        assert [rows.changed(id) for id in (deleted, kept)] == [True, False]
        showing = asyncio.create_task(rows.show_all())
        await database.is_asked.wait()
        rows.gone(deleted)
        database.answers.set()
        await showing
        assert shown == [str(kept)]
        assert rows.changed(kept), "the next change is shown, too"

    run(scene())
