"""Keeps apart what a model thinks aloud, ``<think>…</think>``, at the very beginning of its answer."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from collections.abc import Callable

OPEN, CLOSE = "<think>", "</think>"
#: More white space than this before an answer is an answer.
LONGEST_BLANK = 1000

Part = tuple[Literal["text", "reasoning"], str]


def _held_back(text: str, tag: str) -> int:
    """How many of the last characters may be the beginning of ``tag``."""
    longest = min(len(tag) - 1, len(text))
    return next((size for size in range(longest, 0, -1) if tag.startswith(text[-size:])), 0)


class ThinkSplitter:
    """Feed it the answer's text; ``plain`` is true from when no more thought can come."""

    def __init__(self) -> None:
        self.plain = False
        self._held = ""
        self._read = self._at_start

    def feed(self, text: str) -> list[Part]:
        if self.plain:
            return [("text", text)] if text else []
        self._held += text
        return self._read()

    def close(self) -> list[Part]:
        """What was held back because more might have come."""
        held, self._held, self.plain = self._held, "", True
        if self._read == self._at_start:
            return [("text", held)] if held else []
        return [("reasoning", held)] if held.strip() else []

    def _at_start(self) -> list[Part]:
        begun = self._held.lstrip()
        if begun.startswith(OPEN):
            self._held = begun.removeprefix(OPEN)
            return self._go_on(self._before_thought)
        if OPEN.startswith(begun) and len(self._held) < LONGEST_BLANK:
            return []
        return self._rest_is_plain()

    def _before_thought(self) -> list[Part]:
        self._held = self._held.lstrip()
        return self._go_on(self._in_thought) if self._held else []

    def _in_thought(self) -> list[Part]:
        thought, closed, rest = self._held.partition(CLOSE)
        keep = 0 if closed else _held_back(thought, CLOSE)
        ready, self._held = thought[: len(thought) - keep], rest if closed else thought[len(thought) - keep :]
        parts: list[Part] = [("reasoning", ready)] if ready else []
        return parts + self._go_on(self._after_thought) if closed else parts

    def _after_thought(self) -> list[Part]:
        self._held = self._held.lstrip()
        return self._rest_is_plain() if self._held else []

    def _go_on(self, read: Callable[[], list[Part]]) -> list[Part]:
        self._read = read
        return read()

    def _rest_is_plain(self) -> list[Part]:
        text, self._held, self.plain = self._held, "", True
        return [("text", text)]
