"""The chat page in Chromium, against a real server with hashed static files and the strict policy."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Browser, ConsoleMessage, Page

from tests.browser.chat import Chat
from tests.harness.server import Server

#: What Chromium says of a server that is away, which some tests take away.
LOST = ("ERR_CONNECTION_REFUSED", "ERR_CONNECTION_RESET", "WebSocket connection to", "ERR_EMPTY_RESPONSE")

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
    but for what ``missing`` allows: addresses that are not there."""
    contexts = []
    faults: list[str] = []

    def opener(name: str = "alice", path: str = "/", *, missing: bool = False, **options: object) -> Chat:
        context = chromium.new_context(base_url=server.origin, **options)  # type: ignore[arg-type]
        contexts.append(context)
        session = server.people[name]["session"]
        context.add_cookies([{"name": "sessionid", "value": session, "url": server.origin}])
        page: Page = context.new_page()
        page.on("pageerror", lambda error: faults.append(str(error)))
        allowed = (*LOST, "404") if missing else LOST
        page.on("console", lambda line: faults.append(line.text) if is_fault(line, allowed) else None)
        page.goto(path)
        return Chat(page, server)

    yield opener
    for context in contexts:
        context.close()
    assert not faults


@pytest.fixture
def chat(open_chat: Opener) -> Chat:
    """Alice's page with a new chat."""
    return open_chat()
