"""The chat page in Chromium, against a real server with hashed static files and the strict policy."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page

from tests.browser.chat import Chat
from tests.browser.embedded import Embedded, Sites, make_web_chat
from tests.browser.host_pages import FIELD, HostPages, Visit, Widget, script_tag
from tests.harness.server import Server

#: What Chromium says of a server that is away, which some tests take away.
LOST = (
    *("ERR_CONNECTION_REFUSED", "ERR_CONNECTION_RESET", "ERR_EMPTY_RESPONSE", "ERR_INTERNET_DISCONNECTED"),
    "WebSocket connection to",
)
#: And of an answer of which a server that was killed had sent a part.
CUT_OFF = "ERR_CONTENT_LENGTH_MISMATCH"

Opener = Callable[..., Chat]


def is_fault(line: ConsoleMessage, allowed: tuple[str, ...]) -> bool:
    return line.type == "error" and not any(one in line.text for one in allowed)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if "tests/browser/" in item.nodeid:
            item.add_marker(pytest.mark.browser)


@pytest.fixture
def open_chat(server: Server, chromium: Browser) -> Iterator[Opener]:
    """``open_chat("bob", viewport=…)`` opens the page as bob. No page may break the policy or raise an error,
    but for what ``missing`` allows, addresses that are not there, and ``refused``, requests that are."""
    contexts = []
    faults: list[str] = []
    kills = server.kills

    def opener(
        name: str = "alice",
        path: str = "/",
        *,
        missing: bool = False,
        refused: bool = False,
        **options: object,
    ) -> Chat:
        context = chromium.new_context(base_url=server.origin, **options)  # type: ignore[arg-type]
        contexts.append(context)
        session = server.people[name]["session"]
        context.add_cookies([{"name": "sessionid", "value": session, "url": server.origin}])
        page: Page = context.new_page()
        page.on("pageerror", lambda error: faults.append(str(error)))
        allowed = (*LOST, *(["404"] if missing else []), *(["400", "429"] if refused else []))
        page.on("console", lambda line: faults.append(line.text) if is_fault(line, allowed) else None)
        page.goto(path)
        return Chat(page, server)

    yield opener
    for context in contexts:
        context.close()
    assert not [fault for fault in faults if server.kills == kills or CUT_OFF not in fault]


@pytest.fixture
def chat(open_chat: Opener) -> Chat:
    """Alice's page with a new chat."""
    return open_chat()


EmbedOpener = Callable[..., Embedded]


@pytest.fixture(scope="session")
def sites() -> Iterator[Sites]:
    sites = Sites()
    yield sites
    sites.close()


@pytest.fixture
def open_embed(server: Server, chromium: Browser, sites: Sites) -> Iterator[EmbedOpener]:
    """``open_embed(form=…)`` opens the page of a new web chat with these fields, or that of ``web_chat``.

    ``on`` shows it in a frame of that site, whose page speaks as a loader if there is a ``config``.
    ``beside``: in the browser of another. ``script`` is run first. No page may break the policy or raise an
    error, unless ``faults`` is False.
    """
    contexts = []
    found: list[str] = []

    def opener(
        *,
        web_chat: str = "",
        on: str = "",
        config: dict[str, object] | None = None,
        beside: Embedded | None = None,
        query: str = "",
        script: str = "",
        attributes: str = "",
        browser: dict[str, object] | None = None,
        faults: bool = True,
        **fields: object,
    ) -> Embedded:
        id = web_chat or make_web_chat(server, **fields)["id"]
        path = f"/web-chats/{id}{query}"
        context = (
            beside.page.context
            if beside
            else chromium.new_context(
                base_url=server.origin,
                **(browser or {}),  # type: ignore[arg-type]
            )
        )
        if not beside:
            contexts.append(context)
            if faults:
                context.on("weberror", lambda error: found.append(str(error.error)))
                context.on(
                    "console",
                    lambda line: found.append(line.text) if is_fault(line, (*LOST, "401", "404")) else None,
                )
        if script:
            context.add_init_script(script)
        if not on:
            page = context.new_page()
            page.goto(path)
            return Embedded(page, server, page.main_frame)
        page = context.new_page()
        page.goto(sites.page_of(on, server.origin + path, config=config, attributes=attributes))
        frame = page.wait_for_selector("iframe").content_frame()
        assert frame
        return Embedded(page, server, frame)

    yield opener
    for context in contexts:
        context.close()
    assert not found


@pytest.fixture(scope="module")
def hosts() -> Iterator[HostPages]:
    hosts = HostPages()
    yield hosts
    hosts.close()


@pytest.fixture(scope="module")
def web_chat(server: Server) -> str:
    """One for the tests that are not about the web chat itself."""
    id: str = make_web_chat(server)["id"]
    return id


@pytest.fixture
def context(chromium: Browser) -> Iterator[BrowserContext]:
    context = chromium.new_context()
    yield context
    context.close()


@pytest.fixture
def visit(server: Server, hosts: HostPages, web_chat: str, context: BrowserContext) -> Visit:
    """``visit(options…)`` opens a page of a shop with the script and these options."""

    def opener(body: str = "", before: str = FIELD, **options: Any) -> Widget:
        page = context.new_page()
        tag = body or script_tag(server, web_chat, **options)
        page.goto(hosts.page("shop", before + tag))
        return Widget(page, server)

    return opener
