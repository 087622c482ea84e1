"""What goes to a completions endpoint and what comes back, whoever the provider is."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Literal


@dataclass(frozen=True, slots=True)
class Endpoint:
    """Where to ask. ``url`` includes its path (``…/v1``); ``context_tokens`` bounds the whole prompt.

    ``chatbot_id`` takes the place of the model where the endpoint is a whole chatbot. ``takes_images``: it
    can be sent pictures.
    """

    provider: str
    url: str = ""
    api_key: str = field(default="", repr=False)
    model: str = ""
    context_tokens: int = 8192
    chatbot_id: str = ""
    takes_images: bool = False


@dataclass(frozen=True, slots=True)
class Attached:
    """A file of a turn: a picture as a data URL, a text as it is; of any other only the name is told."""

    filename: str
    image: str = field(default="", repr=False)
    text: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True)
class Turn:
    role: Literal["user", "assistant"]
    content: str
    attached: tuple[Attached, ...] = ()


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
    """``turns`` end with the person's newest message. ``topics`` are the titles of all that is known.

    ``upstream_conversation`` is what an endpoint that remembers the earlier turns itself calls them;
    ``query_metadata`` says of which of its documents it may make use.
    """

    turns: tuple[Turn, ...]
    instructions: str = ""
    sources: tuple[Source, ...] = ()
    topics: tuple[str, ...] = ()
    upstream_conversation: str = ""
    query_metadata: dict[str, Any] | None = None

    @property
    def question(self) -> str:
        return self.turns[-1].content


@dataclass(slots=True)  # not frozen: there is one for each token, and those take longer to make
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
class UpstreamConversation:
    """The endpoint remembers what was said under this id: the next prompt names it."""

    id: str


@dataclass(frozen=True, slots=True)
class UpstreamCitations:
    """What the endpoint's own documents say to the answer, in the shapes that the API has for citations."""

    citations: list[dict[str, Any]]
    nodes: list[dict[str, Any]]


@dataclass(frozen=True, slots=True)
class Retrying:
    """An attempt failed with ``code`` before it brought anything; in so many seconds there is another."""

    seconds: float
    code: str


@dataclass(frozen=True, slots=True)
class Finish:
    """The upstream said that it is done: without one of these a reply is not complete."""

    reason: str


Delta = TextDelta | ReasoningDelta | Usage | UpstreamConversation | UpstreamCitations | Retrying | Finish
