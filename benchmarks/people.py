"""People as they are: they chat on or begin anew, lose the connection, stop, ask again; and they check every
character that they are told."""

from __future__ import annotations

import asyncio
import random
import sys
from collections import Counter
from collections.abc import Sequence
from time import monotonic
from typing import Any
from uuid import uuid4

import orjson

from benchmarks.tabs import ACK_BYTES, ACK_SECONDS
from benchmarks.targets import Target
from benchmarks.websocket import WebSocket
from tests.simulator.text import expected_text

RATE = 20
TOKENS = (40, 300)
#: How often of a hundred.
NEW_CONVERSATION, CUT, STOP, AGAIN = 20, 15, 10, 10
#: Longer than any pause between two frames of a reply, even on a busy machine.
SILENCE_SECONDS = 30
#: So many faults are shown with their conversations.
SHOWN = 10


class Wrong(Exception):
    """What somebody was told is not right."""


class Line(WebSocket):
    """One connection of a person: frames come out of ``frames``, None at its end."""

    def __init__(self, target: Target, number: int) -> None:
        super().__init__("127.0.0.1", port=target.port, path=target.path, cookie=target.cookie(number))
        self.frames: asyncio.Queue[dict[str, Any] | None] = asyncio.Queue()
        self.n = self.unacknowledged = 0
        self.acknowledged_at = 0.0

    def say(self, **frame: Any) -> None:
        self.send_text(orjson.dumps(frame))

    def upgraded(self) -> None:
        self.say(type="hello", protocol=1)

    def text_received(self, body: bytes) -> None:
        self.frames.put_nowait(orjson.loads(body))
        self.n += 1
        self.unacknowledged += len(body)
        if self.unacknowledged >= ACK_BYTES or monotonic() - self.acknowledged_at >= ACK_SECONDS:
            self.say(type="ack", n=self.n)
            self.unacknowledged, self.acknowledged_at = 0, monotonic()

    def closed(self) -> None:
        self.frames.put_nowait(None)


class Person:
    """Each connection goes to any of ``targets``. ``done`` counts what happened to everybody; ``wrong`` names
    what was not right."""

    def __init__(
        self, targets: Sequence[Target], number: int, *, done: Counter[str], wrong: Counter[str]
    ) -> None:
        self.targets, self.number, self.done, self.wrong = targets, number, done, wrong
        self.random = random.Random(number)
        self.conversation = str(uuid4())
        self.line: Line

    async def live(self, until: float) -> None:
        """Chat until then; returns when the last reply has ended."""
        await self.connect()
        await asyncio.sleep(self.random.uniform(0, TOKENS[1] / RATE))
        while monotonic() < until:
            try:
                await self.exchange()
            except Wrong as error:
                self.wrong[str(error)] += 1
                if self.wrong.total() <= SHOWN:
                    print(f"{error}: conversation {self.conversation}", file=sys.stderr, flush=True)
                await asyncio.sleep(1)
                self.conversation = str(uuid4())
                await self.reconnect()
        self.line.close()
        await self.line.gone.wait()

    async def connect(self) -> None:
        loop = asyncio.get_running_loop()
        target = self.random.choice(self.targets)
        self.line = Line(target, self.number)
        await loop.create_connection(lambda: self.line, "127.0.0.1", target.port)
        await self.frame("ready")

    async def reconnect(self) -> None:
        self.line.transport.abort()
        await self.line.gone.wait()
        await self.connect()

    async def exchange(self) -> None:
        """One question and its reply, perhaps asked again."""
        if self.chance(NEW_CONVERSATION):
            self.conversation = str(uuid4())
            self.done["conversation"] += 1
        tokens, seed = self.random.randint(*TOKENS), self.random.randrange(50)
        expected = expected_text(tokens, seed)
        id, words = str(uuid4()), f"sim:tokens={tokens},seed={seed},rate={RATE}"
        self.line.say(type="send", id=id, conversation=self.conversation, content=words)
        message = (await self.frame("message"))["message"]
        await self.read(message["reply"]["id"], expected)
        if self.chance(AGAIN):
            self.done["retry"] += 1
            self.line.say(type="retry", message=id)
            message = (await self.frame("message"))["message"]
            await self.read(message["reply"]["id"], expected)

    def chance(self, percent: float) -> bool:
        return self.random.random() * 100 < percent

    async def read(self, reply: str, expected: str) -> None:
        """Follow the reply to its end, with what may happen on the way."""
        text, seq = "", 0
        disturbed = self.random.randint(1, len(expected))
        happens = "cut" if self.chance(CUT) else "stop" if self.chance(STOP) else ""
        happened = ""
        while True:
            frame = await self.frame("reply.delta", "reply.snapshot", "reply.ended")
            if frame["reply"] != reply:
                raise Wrong("a frame of another reply")
            if frame["type"] == "reply.ended":
                self.check_end(frame, text, expected, stopped=happened == "stop")
                return
            if frame["type"] == "reply.snapshot":
                text = ""
            elif frame["from"] != seq:
                raise Wrong("a gap between deltas")
            text, seq = text + frame["text"], frame["seq"]
            if happens != happened and len(text) >= disturbed:
                happened = happens
                await self.disturb(happens, reply, seq)

    async def disturb(self, how: str, reply: str, seq: int) -> None:
        self.done[how] += 1
        if how == "stop":
            self.line.say(type="stop", reply=reply)
        else:
            await self.reconnect()
            self.line.say(type="open", conversation=self.conversation, reply=reply, after=seq)

    def check_end(self, frame: dict[str, Any], text: str, expected: str, *, stopped: bool) -> None:
        self.done[frame["status"]] += 1
        if frame["length"] != len(text):
            raise Wrong("the end names another length")
        if frame["status"] == "stopped" and stopped:
            if not expected.startswith(text):
                raise Wrong("a stopped reply with another text")
        elif frame["status"] != "complete":
            raise Wrong(f"ended {frame['status']}: {frame.get('error', {}).get('code')}")
        elif text != expected:
            raise Wrong("a complete reply with another text")

    async def frame(self, *types: str) -> dict[str, Any]:
        """The next frame of one of these types. Raises ``Wrong`` for an error, the end of the line and
        silence."""
        while True:
            try:
                frame = await asyncio.wait_for(self.line.frames.get(), SILENCE_SECONDS)
            except TimeoutError:
                raise Wrong(f"silence instead of {types[-1]}") from None
            if frame is None:
                raise Wrong(f"closed with {self.line.close_code}")
            if frame["type"] == "error":
                raise Wrong(f"error {frame['code']}")
            if frame["type"] in types:
                return frame
