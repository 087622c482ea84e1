"""A parser for JSON objects that come one after another, as bytes and with nothing around them."""

from __future__ import annotations

import re

from chat.completions.sse import MAX_LINE

#: All that tells where an object ends; an escaped character is taken along with its backslash.
_MARK = re.compile(rb'\\.?|["{}]', re.DOTALL)


class ObjectParser:
    """Stands in for ``EventParser``: any chunking of a body gives the same objects.

    Never raises: ``overflow`` says that an object passed its bound, after which nothing more comes. ``stray``
    counts ends without a beginning. What stands between two objects is left out.
    """

    __slots__ = ("_depth", "_escaped", "_quoted", "_size", "_tail", "overflow", "stray")

    def __init__(self) -> None:
        self.overflow = False
        self.stray = 0
        self._tail: list[bytes] = []
        self._size = 0
        self._depth = 0
        self._quoted = False
        self._escaped = False

    def feed(self, chunk: bytes) -> list[bytes]:
        """The objects that this chunk completes."""
        if self.overflow or not chunk:
            return []
        objects: list[bytes] = []
        begin = 0
        for mark in _MARK.finditer(chunk, self._after_escape()):
            if mark[0].startswith(b"\\"):
                self._escaped = self._quoted and len(mark[0]) == 1
            elif mark[0] == b'"':
                self._quoted = self._depth > 0 and not self._quoted
            elif not self._quoted:
                begin = self._brace(mark, chunk, begin, objects)
        if self._depth:
            self._keep(chunk[begin:])
        return objects

    def close(self) -> bytes | None:
        """Half an object is nothing."""
        return None

    def _after_escape(self) -> int:
        escaped, self._escaped = self._escaped, False
        return int(escaped)

    def _brace(self, mark: re.Match[bytes], chunk: bytes, begin: int, objects: list[bytes]) -> int:
        """Where what is collected now begins in the chunk."""
        if mark[0] == b"{":
            self._depth += 1
            return mark.start() if self._depth == 1 else begin
        if self._depth == 0:
            self.stray += 1
            return begin
        self._depth -= 1
        if self._depth == 0:
            objects.append(b"".join((*self._tail, chunk[begin : mark.end()])))
            self._tail.clear()
            self._size = 0
        return begin

    def _keep(self, rest: bytes) -> None:
        self._tail.append(rest)
        self._size += len(rest)
        if self._size > MAX_LINE:
            self.overflow = True
            self._tail.clear()
