"""Keeps apart what a model thinks aloud, ``<think>…</think>``, at the very beginning of its answer."""

from __future__ import annotations

from typing import Literal

OPEN, CLOSE = "<think>", "</think>"

Part = tuple[Literal["text", "reasoning"], str]


def _held_back(text: str, tag: str) -> int:
    """How many of the last characters may be the beginning of ``tag``."""
    longest = min(len(tag) - 1, len(text))
    return next((size for size in range(longest, 0, -1) if tag.startswith(text[-size:])), 0)


class ThinkSplitter:
    """Feed it the answer's text; ``plain`` is true from when no more thought can come."""

    def __init__(self) -> None:
        self.plain = False
        self._inside = False
        self._thought = False
        self._held = ""

    def feed(self, text: str) -> list[Part]:
        self._held += text
        if not self._inside and not self._thought:
            return self._at_start()
        if self._inside:
            return self._in_thought()
        return self._after_thought()

    def close(self) -> list[Part]:
        """What was held back because more might have come."""
        held, self._held, self.plain = self._held, "", True
        if not held or self._thought:
            return []
        return [("reasoning" if self._inside else "text", held)]

    def _at_start(self) -> list[Part]:
        begun = self._held.lstrip()
        if begun.startswith(OPEN):
            self._inside = True
            self._held = begun.removeprefix(OPEN).lstrip("\n")
            return self._in_thought()
        if OPEN.startswith(begun):
            return []
        return self._rest_is_plain(self._held)

    def _in_thought(self) -> list[Part]:
        thought, closed, rest = self._held.partition(CLOSE)
        if closed:
            self._inside, self._thought, self._held = False, True, rest
            parts: list[Part] = [("reasoning", thought)] if thought else []
            return parts + self._after_thought()
        keep = _held_back(thought, CLOSE)
        ready, self._held = thought[: len(thought) - keep], thought[len(thought) - keep :]
        return [("reasoning", ready)] if ready else []

    def _after_thought(self) -> list[Part]:
        self._held = self._held.lstrip()
        return self._rest_is_plain(self._held) if self._held else []

    def _rest_is_plain(self, text: str) -> list[Part]:
        self.plain, self._held = True, ""
        return [("text", text)]
