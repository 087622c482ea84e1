"""A browser tab without the browser: speaks the socket's protocol and checks it while it listens."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any
from uuid import uuid4

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed

from tests.harness.server import Server

Frame = dict[str, Any]

#: When the page acknowledges what it has read (docs/socket.md).
ACK_BYTES, ACK_SECONDS = 32 * 1024, 1.0


@dataclass
class Heard:
    """What this tab knows of one reply. It survives a lost connection, as a page's state does."""

    text: str = ""
    seq: int = 0
    status: str = ""
    error: str = ""
    length: int = -1
    citations: list[Any] = field(default_factory=list)


class Tab:
    """``async with Tab(server, "alice") as tab:`` is connected and greeted."""

    def __init__(
        self, server: Server, name: str, *, heard: dict[str, Heard] | None = None, acks: bool = True
    ) -> None:
        self.server, self.name, self.acks = server, name, acks
        self.heard: dict[str, Heard] = {} if heard is None else heard
        self.frames: list[Frame] = []
        self.closed: int | None = None
        self.session: str = server.people[name]["session"] if name else ""
        self._news = asyncio.Event()

    async def __aenter__(self) -> Tab:
        await self.connect()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    async def connect(self, *, hello: bool = True, origin: str | None = None) -> None:
        self.socket: ClientConnection = await self.dial(origin)
        self._listener = asyncio.create_task(self._listen())
        if hello:
            try:
                await self.greet()
            except BaseException:  # who is cancelled meanwhile, as a page that is over, leaves no socket open
                self.cut()
                raise

    async def greet(self) -> None:
        await self.say("hello", protocol=1)
        await self.frame("ready")

    async def dial(self, origin: str | None) -> ClientConnection:
        return await connect(
            f"ws://127.0.0.1:{self.server.port}/ws/chat/",
            origin=origin or self.server.origin,  # type: ignore[arg-type]
            additional_headers={"Cookie": f"sessionid={self.session}"} if self.session else {},
            open_timeout=60,
            max_size=None,
            max_queue=None,  # a tab that stops reading would not notice its end
        )

    async def close(self) -> None:
        await self.socket.close()
        await self._listener

    async def lost(self) -> None:
        """Wait for the end of the connection; what came before it has then been heard."""
        await asyncio.shield(self._listener)

    def cut(self) -> None:
        """Lose the connection as a network does: without a word."""
        self.socket.transport.abort()

    async def say(self, type: str, **fields: Any) -> None:
        await self.socket.send(json.dumps({"type": type, **fields}, ensure_ascii=False))

    async def send(
        self,
        content: str,
        *,
        conversation: str | None = None,
        id: str | None = None,
        within: float = 30,
        **more: Any,
    ) -> Frame:
        """Send a message and return the frame that says it is stored; its ``reply`` is to come."""
        ref = id or str(uuid4())
        await self.say("send", id=ref, conversation=conversation or str(uuid4()), content=content, **more)
        return await self.frame("message", within=within, ref=ref)

    async def frame(self, type: str, *, within: float = 30, **fields: Any) -> Frame:
        """The first frame of this type with these fields, already heard or still to come."""
        return await self.wait(
            lambda: next((one for one in self.frames if matches(one, type, fields)), None), within=within
        )

    async def ended(self, reply: str, *, within: float = 30) -> Heard:
        return await self.wait(
            lambda: self.heard[reply] if reply in self.heard and self.heard[reply].status else None,
            within=within,
        )

    async def wait(self, condition: Callable[[], Any], *, within: float = 30) -> Any:
        try:
            async with asyncio.timeout(within):
                while not (result := condition()):
                    self._news.clear()
                    if self.closed is not None:
                        raise AssertionError(f"closed with {self.closed}; last frames {self.frames[-3:]}")
                    await self._news.wait()
                return result
        except TimeoutError:
            raise AssertionError(f"not within {within} s; last frames {self.frames[-3:]}") from None

    async def _listen(self) -> None:
        n = unread = 0
        acknowledged_at = time.monotonic()
        try:
            async for text in self.socket:
                frame: Frame = json.loads(text)
                n += 1
                assert frame["n"] == n, f"frame {frame['n']} after {n - 1}"
                self._take(frame)
                unread += len(text)
                late = time.monotonic() - acknowledged_at >= ACK_SECONDS
                if self.acks and (unread >= ACK_BYTES or late):
                    unread, acknowledged_at = 0, time.monotonic()
                    with suppress(ConnectionClosed):  # what has come by then is heard all the same
                        await self.say("ack", n=n)
        except Exception as error:
            if isinstance(error, AssertionError):
                self.frames.append({"type": "broken", "message": str(error)})
                raise
        finally:
            self.closed = self.socket.close_code or 1006
            self._news.set()

    def _take(self, frame: Frame) -> None:
        self.frames.append(frame)
        if "reply" in frame:
            heard = self.heard.setdefault(frame["reply"], Heard())
            match frame["type"]:
                case "reply.delta":
                    assert frame["from"] == heard.seq, f"delta from {frame['from']}, expected {heard.seq}"
                    heard.text += frame["text"]
                case "reply.snapshot":
                    heard.text = frame["text"]
                case "reply.citations":
                    heard.citations = frame["citationNodes"]
                case "reply.ended":
                    heard.status, heard.length = frame["status"], frame["length"]
                    heard.error = frame.get("error", {}).get("code", "")
            heard.seq = frame.get("seq", heard.seq)
        self._news.set()


def matches(frame: Frame, type: str, fields: dict[str, Any]) -> bool:
    return frame["type"] == type and all(frame.get(name) == value for name, value in fields.items())
