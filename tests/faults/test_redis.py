"""With ``REDIS_URL`` hints travel through Redis, also to a quiet socket; a reply needs none of them."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from tests.harness.server import Server, free_port
from tests.harness.tab import Tab
from tests.services import own_redis
from tests.simulator.process import SimulatorProcess
from tests.simulator.text import expected_text

pytestmark = pytest.mark.fault

#: Longer than the five seconds after which the client and the server of Redis time each other out.
QUIET = 7


def run(work: Coroutine[Any, Any, None]) -> None:
    async def bounded() -> None:
        async with asyncio.timeout(60):
            await work

    asyncio.run(bounded())


class Store(NamedTuple):
    url: str
    end: Callable[[], None]


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    """A Redis of this test's own, which it may end."""
    with ExitStack() as running:
        yield Store(running.enter_context(own_redis(tmp_path, free_port())), running.close)


@pytest.fixture
def server(store: Store, simulator: SimulatorProcess, tmp_path: Path) -> Iterator[Server]:
    with Server(tmp_path / "data", simulator.url, REDIS_URL=store.url) as running:
        yield running


def test_a_tab_that_was_quiet_hears_of_a_message_of_another(server: Server) -> None:
    async def scene() -> None:
        async with Tab(server, "alice") as first, Tab(server, "alice") as second:
            sent = await first.send("sim:tokens=5")
            conversation = sent["message"]["conversation"]
            await second.say("open", conversation=conversation)
            await asyncio.sleep(QUIET)
            again = await first.send("And then? sim:tokens=20,seed=9", conversation=conversation)
            assert (await second.ended(again["message"]["reply"]["id"])).text == expected_text(20, 9)

    run(scene())


def test_an_open_conversation_goes_on_when_redis_is_gone(server: Server, store: Store) -> None:
    async def scene() -> None:
        async with Tab(server, "alice") as tab:
            sent = await tab.send("sim:tokens=5")
            await tab.ended(sent["message"]["reply"]["id"])
            store.end()
            again = await tab.send("sim:tokens=20,seed=9", conversation=sent["message"]["conversation"])
            assert (await tab.ended(again["message"]["reply"]["id"])).text == expected_text(20, 9)

    run(scene())
