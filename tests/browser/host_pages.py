"""Pages of sites that embed the chat, and the chat as their script shows it."""

from __future__ import annotations

from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any

from playwright.sync_api import Frame, FrameLocator, Locator, Page, expect

from tests.browser.chat import violations_in
from tests.harness.server import Server

HEAD = '<!doctype html><meta charset="utf-8"><title>Shop</title><link rel="icon" href="data:,">'
#: Something of the page's own that has the focus before the chat gets it.
FIELD = '<input aria-label="Search the shop" autofocus>'


class HostPages:
    """A server of this machine that answers under every name: each site is a name of its own."""

    def __init__(self) -> None:
        self._pages: dict[str, tuple[str, dict[str, str]]] = {}
        pages = self._pages

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                page, headers = pages.get(self.path, ("", {}))
                self.send_response(200 if page else 404)
                self.send_header("Content-Type", "text/html; charset=utf-8")
                for name, value in headers.items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(page.encode())

            def log_message(self, format: str, *_: Any) -> None:
                """The tests' own assertions say what went wrong."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        Thread(target=self._server.serve_forever, daemon=True).start()

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()

    def origin(self, site: str) -> str:
        return f"http://{site}.localhost:{self._server.server_port}"

    def page(self, site: str, body: str, **headers: str) -> str:
        """The address of a page with this body on that site."""
        path = f"/{len(self._pages)}"
        self._pages[path] = (HEAD + body, {name.replace("_", "-"): value for name, value in headers.items()})
        return self.origin(site) + path


def script_tag(server: Server, web_chat: str = "", **attributes: Any) -> str:
    """The tag that a site pastes; options as attributes."""
    data = {"web-chat-id": web_chat, **{name.replace("_", "-"): one for name, one in attributes.items()}}
    given = " ".join(f'data-{name}="{value}"' for name, value in data.items() if value != "")
    return f'<script src="{server.origin}/js/embed.min.js" {given}></script>'


class Widget:
    """What the script has put into the page."""

    def __init__(self, page: Page, server: Server) -> None:
        self.page = page
        self.server = server

    @property
    def launcher(self) -> Locator:
        return self.page.locator("parley-launcher .launcher")

    @property
    def corner(self) -> Locator:
        """Where the launcher stands, which a press makes a little smaller."""
        return self.page.locator("parley-launcher .corner")

    @property
    def panel(self) -> Locator:
        return self.page.locator("parley-launcher dialog")

    @property
    def teaser(self) -> Locator:
        return self.page.locator("parley-launcher .teaser")

    @property
    def frames(self) -> list[Frame]:
        return [frame for frame in self.page.frames if "/web-chats/" in frame.url]

    @property
    def chat(self) -> FrameLocator:
        return self.page.frame_locator(
            "parley-launcher iframe, parley-chat iframe, body > iframe[title=Chat]"
        )

    @property
    def composer(self) -> Locator:
        return self.chat.get_by_role("textbox", name="Message", exact=True)

    @property
    def replies(self) -> Locator:
        return self.chat.locator('[data-message-type="outgoing"]')

    @property
    def questions(self) -> Locator:
        return self.chat.locator('[data-message-type="incoming"]')

    def ask(self, text: str) -> None:
        """Send a message in the frame; returns when its reply has ended."""
        before = self.replies.count()
        self.composer.fill(text)
        self.chat.get_by_role("button", name="Send", exact=True).click()
        expect(self.replies).to_have_count(before + 1)
        expect(self.chat.locator("[data-reply-state]")).to_have_count(0, timeout=30_000)

    def open(self) -> None:
        self.launcher.click()
        expect(self.composer).to_be_visible()

    def violations(self) -> list[str]:
        """What axe finds wrong with the button, the panel and the chat in it."""
        [frame] = self.frames
        return violations_in(self.page, "parley-launcher") + violations_in(frame)

    def call(self, script: str) -> Any:
        return self.page.evaluate(script)


#: What the fixture `visit` gives.
Visit = Callable[..., Widget]
