"""The chat page as a person uses it: by the names of what is on it."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from playwright.sync_api import Frame, Locator, Page, expect

from tests.harness.server import Server

AXE = Path(__file__).with_name("axe.min.js")


def violations_in(document: Page | Frame, within: str = ":root") -> list[str]:
    """What axe finds wrong with what is shown there, in words; frames have to be looked at by themselves."""
    if not document.evaluate("'axe' in window"):
        document.evaluate(AXE.read_text())
    found: list[str] = document.evaluate(
        "async (within) => (await axe.run(document.querySelector(within),"
        " {resultTypes: ['violations'], iframes: false})).violations"
        ".flatMap(({id, nodes}) => nodes.map(node => `${id}: ${node.html} ${node.failureSummary}`))",
        within,
    )
    return found


class Chat:
    def __init__(self, page: Page, server: Server) -> None:
        self.page = page
        self.server = server

    @property
    def composer(self) -> Locator:
        return self.page.get_by_role("textbox", name="Message", exact=True)

    @property
    def stop(self) -> Locator:
        return self.page.get_by_role("button", name="Stop", exact=True)

    @property
    def jump(self) -> Locator:
        return self.page.get_by_role("button", name="Jump to latest")

    @property
    def messages(self) -> Locator:
        return self.page.locator("[data-message-id]")

    @property
    def questions(self) -> Locator:
        return self.page.locator('[data-message-type="incoming"]')

    @property
    def replies(self) -> Locator:
        return self.page.locator('[data-message-type="outgoing"]')

    @property
    def running(self) -> Locator:
        return self.page.locator("[data-reply-state]")

    @property
    def rows(self) -> Locator:
        return self.page.locator("[data-conversation] > a")

    def write(self, text: str) -> None:
        """Send a message."""
        self.composer.fill(text)
        self.page.get_by_role("button", name="Send", exact=True).click()

    @property
    def attach_button(self) -> Locator:
        return self.composer.locator("xpath=ancestor::form").get_by_role("button", name="Attach files")

    @property
    def chosen(self) -> Locator:
        """The files that are about to be sent."""
        return self.composer.locator("xpath=ancestor::form").get_by_role("listitem")

    @property
    def complaint(self) -> Locator:
        """What is wrong with files that were chosen."""
        return self.composer.locator("xpath=ancestor::form").get_by_role("alert")

    def attach(self, *files: tuple[str, bytes]) -> None:
        """Choose files by the button."""
        with self.page.expect_file_chooser() as choosing:
            self.attach_button.click()
        choosing.value.set_files(
            [{"name": name, "mimeType": "", "buffer": content} for name, content in files]
        )

    def ask(self, text: str, *, within: float = 30) -> Locator:
        """Send a message and return its reply when it has ended."""
        before = self.replies.count()
        self.write(text)
        expect(self.replies).to_have_count(before + 1)
        self.settle(within=within)
        return self.replies.last

    def settle(self, *, within: float = 30) -> None:
        """Nothing is being written any more."""
        expect(self.running).to_have_count(0, timeout=within * 1000)

    def new(self) -> None:
        self.page.get_by_role("link", name="New chat", exact=True).first.click()
        expect(self.messages).to_have_count(0)

    @property
    def conversation(self) -> str:
        """The id of the open one, from the address."""
        return self.page.url.rpartition("/c/")[2]

    def sources(self) -> list[str]:
        """The raw text of each message on the page."""
        found: list[str] = self.messages.evaluate_all("all => all.map(one => one.source)")
        return found

    def stored(self, conversation: str | None = None) -> list[str]:
        """The same from the database."""
        return [
            text
            for (text,) in self.server.rows(
                "SELECT content FROM chat_message WHERE conversation_id = ? AND NOT superseded"
                " ORDER BY position",
                (conversation or self.conversation).replace("-", ""),
            )
        ]

    def scrolled(self) -> float:
        """How far the end of the thread is below what can be seen."""
        below: float = self.page.locator("#scroller").evaluate(
            "one => one.scrollHeight - one.clientHeight - one.scrollTop"
        )
        return below

    def violations(self) -> list[str]:
        return violations_in(self.page)

    def wait(self, condition: Callable[[], Any], *, within: float = 15) -> Any:
        """For what no locator can say: looked at until it holds."""
        deadline = time.monotonic() + within
        while not (result := condition()):
            assert time.monotonic() < deadline, f"not within {within} s"
            self.page.wait_for_timeout(30)
        return result
