"""What goes to a completions endpoint and what comes back, whoever the provider is."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal


@dataclass(frozen=True, slots=True)
class Endpoint:
    """Where to ask. ``url`` includes its path (``…/v1``); ``context_tokens`` bounds the whole prompt."""

    provider: str
    url: str = ""
    api_key: str = field(default="", repr=False)
    model: str = ""
    context_tokens: int = 8192


@dataclass(frozen=True, slots=True)
class Turn:
    role: Literal["user", "assistant"]
    content: str


@dataclass(frozen=True, slots=True)
class Source:
    """A passage that the answer may cite as ``[number]``."""

    number: int
    title: str
    heading: str
    text: str
    score: float


@dataclass(frozen=True, slots=True)
class Prompt:
    """``turns`` end with the person's newest message. ``topics`` are the titles of all that is known."""

    turns: tuple[Turn, ...]
    instructions: str = ""
    sources: tuple[Source, ...] = ()
    topics: tuple[str, ...] = ()

    @property
    def question(self) -> str:
        return self.turns[-1].content


@dataclass(frozen=True, slots=True)
class TextDelta:
    text: str


@dataclass(frozen=True, slots=True)
class ReasoningDelta:
    """What a model thinks before it answers; never part of the answer."""

    text: str


@dataclass(frozen=True, slots=True)
class Usage:
    prompt_tokens: int
    completion_tokens: int


@dataclass(frozen=True, slots=True)
class Finish:
    """The upstream said that it is done: without one of these a reply is not complete."""

    reason: str


Delta = TextDelta | ReasoningDelta | Usage | Finish
