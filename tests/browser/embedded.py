"""The embedded chat as a visitor uses it, on a page of its own or in a frame of somebody's site."""

from __future__ import annotations

import json
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any

from playwright.sync_api import Frame, Locator, Page, expect

from tests.browser.chat import Chat, violations_in
from tests.harness.server import Server

#: What a loader does, spoken by hand: what the frame says is kept in ``heard``.
LOADER = """
window.heard = [];
addEventListener("message", ({data, source, origin}) => {
  if (data?.parley !== 1 || data.type !== "hello") return;
  const {port1, port2} = new MessageChannel();
  port1.onmessage = ({data}) => {
    heard.push(data);
    if (data.type === "load") port1.postMessage({type: "stored", value: localStorage.getItem("kept")});
    if (data.type === "store") localStorage.setItem("kept", data.value ?? "");
  };
  window.port = port1;
  source.postMessage({parley: 1, type: "connect", config: window.config}, origin, [port2]);
});
"""


def make_web_chat(server: Server, **fields: Any) -> dict[str, Any]:
    """``id``, ``contact`` if one was asked for, and in ``signed`` what its site signs for ``persons``."""
    made: dict[str, Any] = json.loads(server.helper("tests.harness.web_chat").ask(json.dumps(fields)))
    return made


class Embedded(Chat):
    """``frame`` is the document of the chat, ``page`` the browser's tab."""

    def __init__(self, page: Page, server: Server, frame: Frame) -> None:
        super().__init__(page, server)
        self.frame = frame

    @property
    def composer(self) -> Locator:
        return self.frame.get_by_role("textbox", name="Message", exact=True)

    @property
    def stop(self) -> Locator:
        return self.frame.get_by_role("button", name="Stop", exact=True)

    @property
    def messages(self) -> Locator:
        return self.frame.locator("[data-message-id]")

    @property
    def questions(self) -> Locator:
        return self.frame.locator('[data-message-type="incoming"]')

    @property
    def replies(self) -> Locator:
        return self.frame.locator('[data-message-type="outgoing"]')

    @property
    def running(self) -> Locator:
        return self.frame.locator("[data-reply-state]")

    @property
    def rows(self) -> Locator:
        return self.frame.locator("[data-conversation] > button")

    @property
    def form(self) -> Locator:
        return self.frame.get_by_role("form", name="Before we start")

    @property
    def shown(self) -> str:
        """The id of the conversation that is open, which has no address."""
        find = "Object.keys(localStorage).find(one => one.startsWith('parley.visitor.'))"
        found: str = self.frame.evaluate(f"JSON.parse(localStorage.getItem({find})).conversation")
        return found

    def write(self, text: str) -> None:
        self.composer.fill(text)
        self.frame.get_by_role("button", name="Send", exact=True).click()

    def choose(self, item: str) -> None:
        """Something of the menu."""
        self.frame.get_by_role("button", name="More", exact=True).click()
        self.frame.get_by_role("menuitem", name=item).click()

    def new(self) -> None:
        self.choose("New conversation")
        expect(self.messages).to_have_count(0)

    def violations(self) -> list[str]:
        return violations_in(self.frame)

    # The page around, which speaks as a loader.

    def order(self, type: str, **fields: Any) -> None:
        self.page.evaluate("message => port.postMessage(message)", {"type": type, **fields})

    def heard(self, type: str) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = self.page.evaluate(
            "type => heard.filter(one => one.type === type)", type
        )
        return found

    def hear(self, type: str, condition: str = "true") -> dict[str, Any]:
        """The first message of this type that fulfils the condition on ``one``, when it has come."""
        script = f"type => heard.find(one => one.type === type && ({condition}))"
        found: dict[str, Any] = self.page.wait_for_function(script, arg=type).json_value()
        return found


class Sites:
    """Pages of other sites, from a server beside the tests: ``shop`` is ``shop.localhost``, which browsers
    know to be this machine."""

    def __init__(self) -> None:
        self._pages: dict[str, str] = {}
        pages = self._pages

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                page = pages.get(self.path)
                self.send_response(200 if page else 404)
                self.send_header("Content-Type", "text/html; charset=utf-8")
                self.end_headers()
                self.wfile.write((page or "").encode())

            def log_message(self, format: str, *_: Any) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        Thread(target=self._server.serve_forever, daemon=True).start()

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()

    def origin(self, name: str) -> str:
        return f"http://{name}.localhost:{self._server.server_port}"

    def page_of(
        self, name: str, frame: str, *, config: dict[str, Any] | None = None, attributes: str = ""
    ) -> str:
        """The address of a page with the chat in a frame; with ``config`` it speaks as a loader does."""
        loader = (
            f"<script>window.config = {json.dumps(config)};{LOADER}</script>" if config is not None else ""
        )
        named = ' name="parley-loaded"' if config is not None else ""
        chat = f'<iframe src="{frame}"{named} width="380" height="640" title="Chat" {attributes}></iframe>'
        search = '<input aria-label="Search the shop" autofocus>'
        path = f"/{len(self._pages)}"
        self._pages[path] = (
            f'<!doctype html><title>Shop</title><link rel="icon" href="data:,">{loader}{search}{chat}'
        )
        return self.origin(name) + path
