"""A page that holds nothing but the renderer, served with the application's policy or with none."""

from __future__ import annotations

from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from types import TracebackType
from typing import Any

HERE = Path(__file__).parent
STATIC = HERE.parent.parent / "static"

POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
    "font-src 'self'; base-uri 'none'; form-action 'self'; object-src 'none'; frame-ancestors 'none'"
)


class Handler(SimpleHTTPRequestHandler):
    """``/strict`` and ``/bare`` are the page, ``/workshop/`` its script, the rest is ``static/``."""

    protocol_version = "HTTP/1.1"
    extensions_map = {**SimpleHTTPRequestHandler.extensions_map, ".js": "text/javascript"}

    def translate_path(self, path: str) -> str:
        name = path.partition("?")[0]
        if name in ("/strict", "/bare"):
            return str(HERE / "workshop.html")
        if name.startswith("/workshop/"):
            return str(HERE / Path(name).name)
        return super().translate_path(path)

    def end_headers(self) -> None:
        if self.path.startswith("/strict"):
            self.send_header("Content-Security-Policy", POLICY)
        self.send_header("Cache-Control", "no-store")
        super().end_headers()

    def log_message(self, format: str, *args: Any) -> None:
        """The test's own assertions say what went wrong."""


class Workshop:
    """``with Workshop() as workshop:`` serves at ``workshop.url``."""

    def __init__(self, static: Path = STATIC) -> None:
        self.static = static

    def __enter__(self) -> Workshop:
        self.server = ThreadingHTTPServer(("127.0.0.1", 0), partial(Handler, directory=str(self.static)))
        self.thread = Thread(target=self.server.serve_forever, daemon=True)
        self.thread.start()
        self.url = f"http://127.0.0.1:{self.server.server_port}"
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.server.shutdown()
        self.server.server_close()
        self.thread.join()
