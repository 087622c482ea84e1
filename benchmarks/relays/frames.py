"""What relays say, and how they read a model's events."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

READY = {"type": "ready"}
PREFIX, DONE = b"data: ", b"[DONE]"


def request_body(content: str) -> dict[str, Any]:
    return {"model": "sim", "messages": [{"role": "user", "content": content}], "stream": True}


class Events:
    """One reply: the model's bytes go in, frames come out. ``loads`` reads JSON."""

    def __init__(self, loads: Callable[[bytes], Any]) -> None:
        self._loads = loads
        self._rest = b""
        self._seq = self._length = 0

    def frames(self, chunk: bytes) -> list[dict[str, Any]]:
        *events, self._rest = (self._rest + chunk).split(b"\n\n")
        return [frame for event in events if (frame := self._frame(event.removeprefix(PREFIX)))]

    def _frame(self, data: bytes) -> dict[str, Any] | None:
        if data == DONE:
            return {"type": "reply.ended", "status": "complete", "length": self._length}
        choices = self._loads(data)["choices"]
        text = choices[0]["delta"].get("content") if choices else None
        if not text:
            return None
        self._seq += 1
        self._length += len(text)
        return {"type": "reply.delta", "from": self._seq - 1, "seq": self._seq, "text": text}
