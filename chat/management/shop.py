"""A shop that embeds a chat: the pages of ``manage.py demo_site``, on another origin than the chat's own."""

from __future__ import annotations

from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from django.template.loader import render_to_string

#: The page's address and how the chat gets into it.
VARIANTS = {"/": "script", "/maiagent": "maiagent", "/iframe": "iframe", "/inline": "inline", "/without": ""}


class Shop(ThreadingHTTPServer):
    """Answers on this machine only, under any name that leads to it."""

    daemon_threads = True

    def __init__(self, port: int, chat: str, web_chat: str) -> None:
        super().__init__(("127.0.0.1", port), partial(Page, chat, web_chat))

    @property
    def origin(self) -> str:
        """Another site than the chat's, not only another port of the same."""
        return f"http://shop.localhost:{self.server_port}"


class Page(BaseHTTPRequestHandler):
    def __init__(self, chat: str, web_chat: str, *connection: Any) -> None:
        self.context = {"chat": chat, "web_chat": web_chat, "variants": VARIANTS}
        super().__init__(*connection)

    def do_GET(self) -> None:
        variant = VARIANTS.get(self.path.partition("?")[0])
        if variant is None:
            return self.send_error(404)
        page = render_to_string("demo_site/shop.html", {**self.context, "variant": variant}).encode()
        self.send_response(200)
        self.send_header("Content-Type", "text/html; charset=utf-8")
        self.send_header("Content-Length", str(len(page)))
        self.send_header("Cache-Control", "no-store")
        self.end_headers()
        self.wfile.write(page)

    def log_message(self, *_: Any) -> None:
        """The terminal is for what the command says."""
