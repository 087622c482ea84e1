"""One browser tab of the load: it asks, reads the reply to its end, and asks again."""

from __future__ import annotations

import asyncio
from collections import Counter
from dataclasses import dataclass
from time import monotonic
from typing import Any
from uuid import uuid4

import orjson

from benchmarks.figures import Books
from benchmarks.websocket import WebSocket
from tests.simulator.text import expected_text

ACK_BYTES, ACK_SECONDS = 32 * 1024, 1.0


@dataclass(frozen=True)
class Scenario:
    """What every reply is. Without a rate the model sends as fast as it is read, and its text is the same
    each time; with one, each token is the time when it was sent."""

    tokens: int = 200
    rate: float = 20.0

    @property
    def words(self) -> str:
        return f"sim:tokens={self.tokens},rate={self.rate:g}" + (",stamp" if self.rate else "")

    @property
    def seconds(self) -> float:
        return self.tokens / self.rate if self.rate else 0.0

    @property
    def characters(self) -> int:
        return len(expected_text(self.tokens))


class Tab(WebSocket):
    """``ready`` is done when the tab has been greeted. What it sees goes into ``books``, which the crowd
    exchanges when a window opens."""

    def __init__(
        self,
        *,
        scenario: Scenario,
        books: Books,
        faults: Counter[str],
        port: int,
        path: str,
        cookie: str,
    ) -> None:
        super().__init__("127.0.0.1", port=port, path=path, cookie=cookie)
        self.scenario, self.books, self.faults = scenario, books, faults
        self.ready: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self.conversation = str(uuid4())
        self.question = scenario.words
        self.per_token = 0.0 if scenario.rate else scenario.tokens / scenario.characters
        self.asking = False
        #: Set while no reply is awaited.
        self.quiet = asyncio.Event()
        self.quiet.set()
        self.n = self.acknowledged_n = self.unacknowledged = 0
        self.acknowledged_at = self.asked_at = 0.0
        self.seq = self.tokens = self.characters = 0

    def upgraded(self) -> None:
        self.say(type="hello", protocol=1)

    def say(self, **frame: Any) -> None:
        self.send_text(orjson.dumps(frame))

    def ask(self) -> None:
        self.asking = True
        self.quiet.clear()
        self.seq = self.tokens = self.characters = 0
        self.books.begun += 1
        self.asked_at = monotonic()
        self.say(type="send", id=str(uuid4()), conversation=self.conversation, content=self.question)

    def text_received(self, body: bytes) -> None:
        now = monotonic()
        frame = orjson.loads(body)
        self.books.frames += 1
        match frame["type"]:
            case "reply.delta":
                self._delta(frame, now)
            case "reply.ended":
                self._ended(frame)
            case "ready":
                self.ready.set_result(None)
            case "error" | "reply.snapshot":
                self.faults[frame.get("code", frame["type"])] += 1
        self.n += 1
        self.unacknowledged += len(body)
        if self.unacknowledged >= ACK_BYTES or now - self.acknowledged_at >= ACK_SECONDS:
            self.say(type="ack", n=self.n)
            self.unacknowledged, self.acknowledged_at = 0, now

    def _delta(self, frame: dict[str, Any], now: float) -> None:
        text = frame["text"]
        if not self.characters:
            self.books.first_tokens.append(now - self.asked_at)
        if frame["from"] != self.seq:
            self.faults["gap"] += 1
        self.seq = frame["seq"]
        self.characters += len(text)
        if self.per_token:
            # Not stamped: a token is a share of the whole text, which every reply repeats.
            tokens = round(self.characters * self.per_token) - self.tokens
        else:
            stamps = text.split()
            tokens = len(stamps)
            self.books.lags.extend([now - float(stamp) for stamp in stamps])
        self.tokens += tokens
        self.books.tokens += tokens

    def _ended(self, frame: dict[str, Any]) -> None:
        self.quiet.set()
        self.books.ended += 1
        if frame["status"] != "complete":
            self.faults[frame.get("error", {}).get("code", frame["status"])] += 1
        elif self.tokens != self.scenario.tokens or frame["length"] != self.characters:
            self.faults["not the whole text"] += 1
        if self.asking:
            self.ask()

    def closed(self) -> None:
        if not self.quiet.is_set() or not self.ready.done():
            self.faults[f"closed with {self.close_code}"] += 1
        if not self.ready.done():
            self.ready.set_exception(ConnectionError(f"closed with {self.close_code}"))
