"""Somebody's webhook receiver: a real HTTP server that keeps what it gets and answers as it is told.

with Receiver() as receiver: ...                    # in a thread of the test
python -m tests.webhooks.receiver 6666 calls.jsonl  # in a process of its own; a line for each call

While there is a file ``calls.held``, the process hears and does not answer.
"""

from __future__ import annotations

import json
import sys
import threading
import time
from dataclasses import asdict, dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import TracebackType
from typing import Any

from standardwebhooks import Webhook


@dataclass(frozen=True)
class Heard:
    path: str
    headers: dict[str, str]
    body: str

    @property
    def id(self) -> str:
        return self.headers["webhook-id"]

    @property
    def message(self) -> dict[str, Any]:
        """Read as receivers do, that look at the content type first."""
        assert self.headers["content-type"] == "application/json"
        message: dict[str, Any] = json.loads(self.body)
        return message

    def verified(self, secret: str) -> dict[str, Any]:
        """By the library that receivers use; raises ``WebhookVerificationError``."""
        message: dict[str, Any] = Webhook(secret).verify(self.body, self.headers)
        return message


@dataclass
class Reaction:
    """``pieces`` of ``piece`` are sent as the body; with ``announced``, as many bytes are promised."""

    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    piece: bytes = b""
    pieces: int = 1


class Receiver:
    """``reaction`` is its answer. ``hold()``: it hears, and answers when it is released."""

    def __init__(self, port: int = 0, log: Path | None = None) -> None:
        self.heard: list[Heard] = []
        self.reaction = Reaction()
        self.sent = 0
        self.log = log
        self._open = threading.Event()
        self._open.set()
        self._server = ThreadingHTTPServer(("127.0.0.1", port), _Handler)
        self._server.receiver = self  # type: ignore[attr-defined]
        self.port = self._server.server_address[1]
        self.url = f"http://127.0.0.1:{self.port}/webhook"

    def __enter__(self) -> Receiver:
        threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True).start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.release()
        self._server.shutdown()
        self._server.server_close()

    def serve(self) -> None:
        self._server.serve_forever()

    def hold(self) -> None:
        self._open.clear()

    def release(self) -> None:
        self._open.set()

    def take(self, heard: Heard) -> Reaction:
        self.heard.append(heard)
        if self.log:
            with self.log.open("a") as lines:
                lines.write(json.dumps(asdict(heard)) + "\n")
            while self.log.with_suffix(".held").exists():
                time.sleep(0.05)
        self._open.wait(60)
        return self.reaction


class _Handler(BaseHTTPRequestHandler):
    def do_POST(self) -> None:
        receiver: Receiver = self.server.receiver  # type: ignore[attr-defined]
        body = self.rfile.read(int(self.headers["Content-Length"])).decode()
        headers = {name.lower(): value for name, value in self.headers.items()}
        reaction = receiver.take(Heard(self.path, headers, body))
        try:
            self.send_response(reaction.status)
            for name, value in reaction.headers.items():
                self.send_header(name, value)
            if reaction.pieces == 1:
                self.send_header("Content-Length", str(len(reaction.piece)))
            self.end_headers()
            for _ in range(reaction.pieces):
                self.wfile.write(reaction.piece)
                receiver.sent += len(reaction.piece)
        except OSError:
            pass  # the caller has heard enough

    def do_GET(self) -> None:
        """Who follows a redirect comes with GET."""
        self.server.receiver.heard.append(Heard(self.path, {}, ""))  # type: ignore[attr-defined]
        self.send_response(200)
        self.end_headers()

    def log_message(self, format: str, *args: object) -> None:
        pass


def heard_in(log: Path) -> list[Heard]:
    lines = log.read_text().splitlines() if log.exists() else []
    return [Heard(**json.loads(line)) for line in lines]


if __name__ == "__main__":
    Receiver(int(sys.argv[1]), Path(sys.argv[2])).serve()
