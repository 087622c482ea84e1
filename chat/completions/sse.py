"""A parser for ``text/event-stream`` as bytes: any chunking of a stream gives the same events.

Only CR, LF and CRLF end a line (``str.splitlines()`` would also tear an event apart at U+2028 or U+0085),
and nothing is decoded here, so a character may arrive byte by byte.
"""

from __future__ import annotations

MAX_LINE = 256 * 1024
BOM = b"\xef\xbb\xbf"


class EventParser:
    """Collects the data of each event; names, ids and comments mean nothing to completions.

    Never raises: ``overflow`` says that a line or an event passed its bound, after which nothing more comes.
    ``stray`` counts lines that hold JSON where a field was due.
    """

    __slots__ = ("_after_cr", "_data", "_fresh", "_size", "_tail", "_tail_size", "overflow", "stray")

    def __init__(self) -> None:
        self.overflow = False
        self.stray = 0
        self._tail: list[bytes] = []
        self._tail_size = 0
        self._data: list[bytes] = []
        self._size = 0
        self._after_cr = False
        self._fresh = True

    def feed(self, chunk: bytes) -> list[bytes]:
        """The data of the events that this chunk completes."""
        if self.overflow:
            return []
        if self._after_cr or b"\r" in chunk:
            chunk = self._only_lf(chunk)
        lines = chunk.split(b"\n")
        rest = lines.pop()
        events: list[bytes] = []
        if lines:
            if self._tail or self._fresh:
                lines[0] = self._take_tail(lines[0])
            self._lines(lines, events)
        if rest and not self.overflow:
            self._keep(rest)
        return events

    def close(self) -> bytes | None:
        """What an unfinished last event holds: some servers leave out the blank line after ``[DONE]``."""
        self._lines([self._take_tail(b"")], [])
        return b"\n".join(self._data) if self._data else None

    def _only_lf(self, chunk: bytes) -> bytes:
        if not chunk:
            return chunk
        if self._after_cr and chunk.startswith(b"\n"):
            chunk = chunk[1:]
            self._after_cr = False
            if not chunk:
                return chunk
        self._after_cr = chunk.endswith(b"\r")
        return chunk.replace(b"\r\n", b"\n").replace(b"\r", b"\n")

    def _take_tail(self, line: bytes) -> bytes:
        line = b"".join((*self._tail, line))
        self._tail.clear()
        self._tail_size = 0
        if self._fresh:
            self._fresh = False
            line = line.removeprefix(BOM)
        return line

    def _keep(self, rest: bytes) -> None:
        self._tail.append(rest)
        self._tail_size += len(rest)
        if self._tail_size > MAX_LINE:
            self._overflow()

    def _lines(self, lines: list[bytes], events: list[bytes]) -> None:
        for line in lines:
            if line.startswith(b"data:"):
                self._size += len(line)
                if self._size > MAX_LINE:
                    return self._overflow()
                self._data.append(line[6:] if line.startswith(b"data: ") else line[5:])
            elif not line:
                if self._data:
                    events.append(self._data[0] if len(self._data) == 1 else b"\n".join(self._data))
                    self._data.clear()
                    self._size = 0
            elif len(line) > MAX_LINE:
                return self._overflow()
            elif line.startswith(b"{"):
                self.stray += 1
        return None

    def _overflow(self) -> None:
        self.overflow = True
        self._tail.clear()
        self._data.clear()
