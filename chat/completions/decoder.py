"""From the bytes of an answer to deltas: what all endpoints share, and the chunks of chat completions."""

from __future__ import annotations

import json
import logging
from abc import ABC, abstractmethod
from typing import Any

import orjson

from chat.completions.answers import error_in
from chat.completions.deltas import Delta, Finish, ReasoningDelta, TextDelta, Usage
from chat.completions.errors import (
    UpstreamBadData,
    UpstreamCut,
    UpstreamError,
    UpstreamFault,
    UpstreamTooLong,
)
from chat.completions.objects import ObjectParser
from chat.completions.sse import EventParser
from chat.completions.text import clean
from chat.completions.thinking import ThinkSplitter

logger = logging.getLogger(__name__)

#: In UTF-8, for the answer and for the thoughts before it.
MAX_TEXT = 200 * 1024
MAX_REASON = 40
MAX_COUNT = 2**31
#: A body that begins so is no ``text/event-stream``; blanks and a byte order mark may come before it.
NOT_EVENTS = (b"{", b"[", b"<")
BLANK = b"\xef\xbb\xbf \t\r\n"


def text_of(content: object) -> str:
    """Text is a string, or the list of parts that some servers send."""
    if isinstance(content, str):
        return content
    if isinstance(content, list):
        return "".join(part["text"] for part in content if isinstance(part.get("text"), str))
    raise TypeError(f"text is {type(content).__name__}")


def usage_of(payload: dict[str, Any]) -> Usage | None:
    """The token counts of a chunk, if it has them and they make sense."""
    counts = payload.get("usage")
    if not isinstance(counts, dict):
        return None
    asked = counts.get("prompt_tokens", counts.get("promptTokens"))
    answered = counts.get("completion_tokens", counts.get("completionTokens"))
    if not (isinstance(asked, int) and isinstance(answered, int)):
        return None
    return Usage(asked, answered) if 0 <= asked < MAX_COUNT and 0 <= answered < MAX_COUNT else None


class Decoder(ABC):
    """Feed it the body; read ``failure`` after each feed: what came before it is kept.

    A bad event does not end the reply, but ``end`` reports it instead of a good end. A kind of endpoint says
    what its events mean in ``_payload``, which may raise ``TypeError``, ``AttributeError`` or ``KeyError``.
    """

    def __init__(self) -> None:
        self.failure: UpstreamError | None = None
        self.done = False
        self.reason = ""
        self._events: EventParser | ObjectParser = EventParser()
        self._think = ThinkSplitter()
        self._usage: Usage | None = None
        self._deltas: list[Delta] = []
        self._room: dict[type, int] = {TextDelta: MAX_TEXT, ReasoningDelta: MAX_TEXT}
        self._bad = 0
        self._mended = False

    def begin(self, first: bytes) -> bool:
        """Whether a body that begins so is fed as it comes; another is for ``whole``."""
        return not first.lstrip(BLANK).startswith(NOT_EVENTS)

    def feed(self, chunk: bytes) -> list[Delta]:
        """The deltas of one network read; neighbours of a kind are joined."""
        for data in self._events.feed(chunk):
            self._event(data)
            if self.failure is not None:
                break
        if self._events.overflow and self.failure is None:
            self.failure = UpstreamBadData("a line or an event without end")
        return self._take()

    def close(self) -> list[Delta]:
        """At the end of the body: what was held back."""
        if self._mended:
            logger.warning("upstream_text_mended")
        last = self._events.close()
        if last is not None and not self.finished:
            bad = self._bad
            self._event(last)
            # Half an event is a cut, which is told from the missing end.
            self._bad = bad
        for kind, text in self._think.close():
            self._add(TextDelta if kind == "text" else ReasoningDelta, text)
        return self._take()

    def whole(self, body: bytes) -> list[Delta]:
        """The deltas of an answer that ignored ``stream`` and is one JSON object; raises if it is not."""
        try:
            self._whole(json.loads(body.decode("utf-8", "replace")))
        except (ValueError, RecursionError, TypeError, AttributeError, KeyError) as error:
            raise UpstreamFault(f"a body that is no completion: {type(error).__name__}") from error
        if self.failure is None and not self.done:
            self.failure = UpstreamFault("a completion without an end")
        return self.close()

    @property
    def finished(self) -> bool:
        """Whether the upstream said that the reply is complete."""
        return self.done or bool(self.reason)

    def end(self) -> list[Delta]:
        """The usage and the finish of a complete reply; raises for any other."""
        bad = self._bad + self._events.stray
        if bad:
            raise UpstreamBadData(f"{bad} events could not be read")
        if not self.finished:
            raise UpstreamCut("no finish_reason and no [DONE]")
        finish = Finish(self.reason or "stop")
        return [self._usage, finish] if self._usage is not None else [finish]

    def _take(self) -> list[Delta]:
        deltas, self._deltas = self._deltas, []
        return deltas

    def _event(self, data: bytes) -> None:
        if data == b"[DONE]":
            self.done = True
            return
        try:
            self._payload(orjson.loads(data))
        except orjson.JSONDecodeError:
            self._odd_event(data)
        except (TypeError, AttributeError, KeyError):
            self._bad += 1

    def _odd_event(self, data: bytes) -> None:
        """What orjson refuses: invalid UTF-8 and lone surrogates become U+FFFD, the rest is bad."""
        text = data.decode("utf-8", "replace").strip()
        if text in ("", "[DONE]"):
            self.done = self.done or bool(text)
            return
        try:
            self._payload(json.loads(text))
        except (ValueError, RecursionError, TypeError, AttributeError, KeyError):
            self._bad += 1
        else:
            self._mended = True

    @abstractmethod
    def _payload(self, payload: dict[str, Any]) -> None:
        """Take in one event."""

    @abstractmethod
    def _whole(self, payload: dict[str, Any]) -> None:
        """Take in an answer that is no stream; ``done`` says that it was one."""

    def _content(self, content: object) -> None:
        if isinstance(content, list):
            for part in content:
                if part.get("type") == "thinking":
                    self._add(ReasoningDelta, text_of(part["thinking"]))
        text = text_of(content)
        if self._think.plain:
            self._add(TextDelta, text)
            return
        for kind, piece in self._think.feed(text):
            self._add(TextDelta if kind == "text" else ReasoningDelta, piece)

    def _add(self, kind: type[TextDelta | ReasoningDelta], text: str) -> None:
        if "\0" in text or not text.isascii():
            text = clean(text)
        size = len(text) if text.isascii() else len(text.encode())
        room = self._room[kind]
        if size > room:
            text = text.encode()[:room].decode("utf-8", "ignore")
            self.failure = UpstreamTooLong(f"more than {MAX_TEXT} bytes")
        self._room[kind] = room - size
        if not text:
            return
        before = self._deltas[-1] if self._deltas else None
        if isinstance(before, kind):
            self._deltas[-1] = kind(before.text + text)
        else:
            self._deltas.append(kind(text))


class StreamDecoder(Decoder):
    """What OpenAI's chat completions send, in every dialect of it that we have met."""

    def _whole(self, payload: dict[str, Any]) -> None:
        for choice in payload.get("choices") or ():
            choice["delta"] = choice.pop("message")
            self.done = True
        self._payload(payload)

    def _payload(self, payload: dict[str, Any]) -> None:
        for choice in payload.get("choices") or ():
            if choice.get("index", 0) == 0:
                self._choice(choice)
        if "usage" in payload:
            self._usage = usage_of(payload) or self._usage
        if ("error" in payload or payload.get("object") == "error") and (error := error_in(payload)):
            self.failure = error

    def _choice(self, choice: dict[str, Any]) -> None:
        delta = choice.get("delta")
        if delta:
            thought = delta.get("reasoning_content") or delta.get("reasoning")
            if thought:
                self._add(ReasoningDelta, text_of(thought))
            content = delta.get("content")
            if content:
                self._content(content)
        reason = choice.get("finish_reason")
        if reason:
            self.reason = clean(str(reason))[:MAX_REASON]
            if reason == "error":
                self.failure = UpstreamFault("finish_reason is error")
