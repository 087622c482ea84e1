"""Asks an endpoint as the application does, and notes all that came."""

from __future__ import annotations

import asyncio
from contextlib import aclosing
from dataclasses import dataclass
from time import monotonic
from typing import TYPE_CHECKING, Any, TypeVar

from chat.completions.deadlines import Deadlines
from chat.completions.deltas import (
    Endpoint,
    Finish,
    Prompt,
    ReasoningDelta,
    TextDelta,
    Turn,
    UpstreamConversation,
    Usage,
)
from chat.completions.errors import UpstreamError
from chat.completions.http import aclose_client
from chat.completions.providers import DEFAULT_DEADLINES, stream
from tests.harness.scale import LATE

if TYPE_CHECKING:
    from collections.abc import Coroutine

    from chat.completions.deltas import Delta

T = TypeVar("T")

#: The product's deadlines, shortened so that a test can wait for each.
SHORT = Deadlines(connect=1 + LATE, first=0.8 + LATE / 2, gap=0.6 + LATE / 2, total=2 + LATE, tail=0.2)


@dataclass
class Reply:
    text: str = ""
    thought: str = ""
    conversation: str = ""
    usage: Usage | None = None
    finish: Finish | None = None
    error: UpstreamError | None = None
    reads: int = 0
    seconds: float = 0.0

    def add(self, delta: Delta) -> None:
        match delta:
            case TextDelta(text):
                self.text += text
            case ReasoningDelta(text):
                self.thought += text
            case Usage():
                self.usage = delta
            case UpstreamConversation(id):
                self.conversation = id
            case Finish():
                assert self.finish is None
                self.finish = delta

    @property
    def code(self) -> str:
        return self.error.code if self.error else ""


def question(text: str = "Hello") -> Prompt:
    return Prompt((Turn("user", text),))


async def read(endpoint: Endpoint, prompt: Prompt, deadlines: Deadlines = DEFAULT_DEADLINES) -> Reply:
    reply, began = Reply(), monotonic()
    try:
        async with aclosing(stream(endpoint, prompt, deadlines=deadlines)) as batches:
            async for batch in batches:
                assert batch
                assert reply.finish is None
                reply.reads += 1
                for delta in batch:
                    reply.add(delta)
    except UpstreamError as error:
        reply.error = error
    reply.seconds = monotonic() - began
    return reply


async def with_client(work: Coroutine[Any, Any, T]) -> T:
    try:
        return await work
    finally:
        await aclose_client()


def ask(
    url: str, model: str = "", text: str = "Hello", *, deadlines: Deadlines = DEFAULT_DEADLINES, key: str = ""
) -> Reply:
    """One whole reply, in an event loop of its own."""
    endpoint = Endpoint("openai", url, key, model)
    return asyncio.run(with_client(read(endpoint, question(text), deadlines)))


def ask_all(url: str, models: list[str], *, deadlines: Deadlines = DEFAULT_DEADLINES) -> list[Reply]:
    """A whole reply of each, all at the same time."""

    async def together() -> list[Reply]:
        endpoints = [Endpoint("openai", url, "", model) for model in models]
        return await asyncio.gather(*(read(endpoint, question(), deadlines) for endpoint in endpoints))

    return asyncio.run(with_client(together()))
