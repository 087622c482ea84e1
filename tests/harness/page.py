"""A tab that never gives up: what the page in a browser does, on several servers."""

from __future__ import annotations

import asyncio
import random
import time
from contextlib import suppress
from types import TracebackType
from typing import Any
from uuid import uuid4

from websockets.exceptions import ConnectionClosed, WebSocketException

from tests.harness.server import Server
from tests.harness.tab import Frame, Heard, Tab

#: After these a message goes out again by itself.
PASSING = {"storage_busy", "storage_full"}
AGAIN_SECONDS = 2.0
ANSWER_SECONDS = 20.0
QUICK_TRIES = 20


def pause(attempt: int, *, restarting: bool, met: int = 0) -> float:
    """The seconds that the page in a browser waits before it tries for the ``attempt``-th time, from 0, to
    come back; ``restarting``: the server has said that it goes; ``met``: how many of the tries found one."""
    spread = 2.3 if restarting and attempt == 0 else 0.8
    doublings = min(attempt, max(1, met, attempt - QUICK_TRIES))
    return min(30, (0.2 + random.random() * spread) * 2**doublings)


class Line(Tab):
    """One connection of a page, which hears all that comes on it."""

    def __init__(self, page: Page, server: Server) -> None:
        super().__init__(server, page.name, heard=page.heard)
        self._page = page
        self._asked_after = -1

    def _take(self, frame: Frame) -> None:
        """What is known already is skipped; what does not follow on it is asked for again."""
        if "reply" not in frame or self._follows(frame, self.heard.get(frame["reply"]) or Heard()):
            super()._take(frame)
            self._page.take(frame)

    def _follows(self, frame: Frame, heard: Heard) -> bool:
        match frame["type"]:
            case "reply.delta" if frame["from"] != heard.seq:
                missing = frame["seq"] > heard.seq
            case "reply.ended" if frame["length"] != len(heard.text):
                missing = True
            case _:
                return True
        if missing and self._asked_after != heard.seq:
            self._asked_after = heard.seq
            self._page.open()
        return False


class Page:
    """``async with Page(servers, "alice", at=1) as page:`` is connected to ``servers[1]``, and later to
    whichever takes it: after a loss it comes back to the next one, after a pause, asks for what
    it has not seen of its reply, and sends again what was not answered. It asks one question.

    ``gaps``: how long it was without a connection, each time. ``news_at``: when the newest text, and
    ``ended_at``: when the end was shown, by ``time.monotonic``.
    """

    def __init__(self, servers: list[Server], name: str, *, at: int = 0) -> None:
        self.servers, self.name, self.at = servers, name, at
        self.heard: dict[str, Heard] = {}
        self.id, self.conversation, self.reply = str(uuid4()), str(uuid4()), ""
        self.line: Line | None = None
        self.gaps: list[float] = []
        self.news_at: list[float] = []
        self.ended_at = 0.0
        self.refusals: list[Frame] = []
        self.acknowledged = False
        self._content = ""
        self._asked_on: Line | None = None
        self._restarting = False
        self._news = asyncio.Event()
        self._sending: asyncio.Task[None] | None = None
        self._opening: asyncio.Task[None] | None = None

    async def __aenter__(self) -> Page:
        self._living = asyncio.create_task(self._live())
        await self.wait(lambda: self.line)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for task in (self._living, self._sending, self._opening):
            if task:
                task.cancel()
        await asyncio.gather(self._living, return_exceptions=True)
        if self.line:
            await self.line.close()

    @property
    def known(self) -> Heard:
        return self.heard.get(self.reply) or Heard()

    @property
    def here(self) -> Server:
        return self.servers[self.at % len(self.servers)]

    def ask(self, content: str) -> None:
        """Send it, again and again until a server says that it is stored."""
        self._content = content
        self._sending = asyncio.create_task(self._send())

    async def move(self) -> None:
        """To the next server, as a browser that is sent elsewhere."""
        line = self.line
        assert line
        line.cut()
        await self.wait(lambda: self.line is not None and self.line is not line)

    async def stored(self, *, within: float = 30) -> None:
        await self.wait(lambda: self.acknowledged, within=within)

    async def ended(self, *, within: float = 60) -> Heard:
        await self.wait(lambda: self.known.status, within=within)
        return self.known

    async def wait(self, condition: Any, *, within: float = 30) -> None:
        try:
            async with asyncio.timeout(within):
                while not condition():
                    self._news.clear()
                    await self._news.wait()
        except TimeoutError:
            last = self.line.frames[-3:] if self.line else "no connection"
            raise AssertionError(f"not within {within} s at {self.here.port}: {last}") from None

    def take(self, frame: Frame) -> None:
        match frame["type"]:
            case "message" if frame.get("ref") == self.id and not self.acknowledged:
                self.reply = frame["message"]["reply"]["id"]
                self.acknowledged = True
                if self._asked_on is not self.line:
                    self.open()
            case "reply.delta" | "reply.snapshot":
                self.news_at.append(time.monotonic())
            case "reply.ended":
                self.ended_at = time.monotonic()
            case "restarting":
                self._restarting = True
            case "error":
                self.refusals.append(frame)
        self._news.set()

    async def _send(self) -> None:
        while not self.acknowledged:
            await self.wait(lambda: self.line, within=60)
            refused, line = len(self.refusals), self.line
            assert line
            self._asked_on = self._asked_on or line
            with suppress(WebSocketException):
                await line.say("send", id=self.id, conversation=self.conversation, content=self._content)
            with suppress(AssertionError):
                await self.wait(
                    lambda refused=refused, line=line: (
                        self.acknowledged or len(self.refusals) > refused or self.line is not line
                    ),
                    within=ANSWER_SECONDS,
                )
            if len(self.refusals) > refused:
                assert self.refusals[-1]["code"] in PASSING, self.refusals[-1]
                await asyncio.sleep(AGAIN_SECONDS)

    async def _live(self) -> None:
        await self._connect()
        while True:
            line = self.line
            assert line
            await line.lost()
            lost, self.line = time.monotonic(), None
            self._news.set()
            await self._come_back()
            self.gaps.append(time.monotonic() - lost)

    async def _come_back(self) -> None:
        attempt = met = 0
        while self.line is None:
            await asyncio.sleep(pause(attempt, restarting=self._restarting, met=met))
            self.at, attempt = self.at + 1, attempt + 1
            try:
                await self._connect()
            except (AssertionError, ConnectionClosed):
                met += 1  # a server that did not greet
            except (OSError, WebSocketException):
                pass

    async def _connect(self) -> None:
        line = Line(self, self.here)
        await line.connect()
        self._restarting = False
        self.line = line
        if self.acknowledged and not self.known.status:
            await self._open()
        self._news.set()

    def open(self) -> None:
        """Follow its reply from where it is known."""
        self._opening = asyncio.create_task(self._open())

    async def _open(self) -> None:
        if self.line:
            with suppress(WebSocketException):
                await self.line.say(
                    "open", conversation=self.conversation, reply=self.reply, after=self.known.seq
                )
