"""The list of sites after a page was opened: whose site is taken off it is sent away, and nobody else."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest

from tests.harness.guest import SHOP, Guest, set_web_chat
from tests.harness.scene import run
from tests.harness.server import Server

#: A site, and lists with which browsers show the chat on it.
SHOWN = [
    ("https://shop.example", ["http://shop.example"]),
    ("https://shop.example", ["https://shop.example:443"]),
    ("https://shop.example:8443", ["https://shop.example:*"]),
    ("https://a.b.shop.example", ["https://*.shop.example"]),
    ("https://shop.example", ["*"]),
]
#: Sites on which they do not show it with this list.
NOT_SHOWN = ["http://shop.example", "https://shop.example:8443", "https://xshop.example"]
LISTED = [SHOP, "https://*.shop.example"]


@pytest.fixture
def listed(server: Server) -> Iterator[None]:
    yield
    allow(server, SHOP, f"{SHOP.replace('://', '://*.')}")
    set_web_chat(server, server.people["alice"]["webChat"], options="{}")


def allow(server: Server, *sites: str) -> None:
    set_web_chat(server, server.people["alice"]["webChat"], allowed_origins=json.dumps(sites))


@pytest.mark.usefixtures("listed")
def test_a_site_that_is_taken_off_the_list_loses_its_open_pages(server: Server) -> None:
    async def scene() -> None:
        async with Guest(server) as guest, Guest(server, site="") as full, Guest(server, site="null") as app:
            await guest.send("sim:tokens=1")
            allow(server, "https://other.example")
            await guest.lost()
            assert guest.closed == 4001
            said = await Guest(server, token=guest.token).refused(4006)
            assert [one["code"] for one in said] == ["frame_refused"]
            for one in (full, app):
                await one.say("ping")
                await one.frame("pong")
            allow(server, SHOP)
            async with Guest(server, token=guest.token) as again:
                assert len(again.conversations()) == 1

    run(scene())


@pytest.mark.usefixtures("listed")
@pytest.mark.parametrize(("site", "sites"), [*SHOWN, ("capacitor://localhost", [])])
def test_what_browsers_show_is_let_in(server: Server, site: str, sites: list[str]) -> None:
    async def scene() -> None:
        allow(server, *sites)
        async with Guest(server, site=site):
            pass
        async with Guest(server, site=server.origin):
            pass

    run(scene())


@pytest.mark.usefixtures("listed")
@pytest.mark.parametrize("site", NOT_SHOWN)
def test_what_browsers_do_not_show_is_let_in_only_for_apps(server: Server, site: str) -> None:
    async def scene() -> None:
        allow(server, *LISTED)
        await Guest(server, site=site).refused(4006)
        set_web_chat(server, server.people["alice"]["webChat"], options='{"webView": true}')
        async with Guest(server, site=site):
            pass

    run(scene())
