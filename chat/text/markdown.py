"""Markdown and plain text cut into blocks and sentences, for passages and for answers made of them.

No renderer: it knows only where one block ends and the next begins, and keeps every block as it was written.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Literal

Kind = Literal["heading", "paragraph", "list", "table", "code"]

_FENCE = re.compile(r"\s*(```+|~~~+)")
_HEADING = re.compile(r"(#{1,6})\s+(.+?)\s*#*$")
_ITEM = re.compile(r"\s*(?:[-*+]|\d{1,3}[.)])\s+")
_TOP_ITEM = re.compile(r" {0,1}(?:[-*+]|\d{1,3}[.)])\s+")
_ROW = re.compile(r"\s*\|.*\|\s*$")
_RULE = re.compile(r"\s*\|?\s*:?-{2,}.*$")
_PROTECTED = re.compile(r"`[^`]*`|\]\([^)]{0,500}\)|https?://\S*[^\s.,;:!?)]")
_SENTENCE_END = re.compile(
    r"(?:(?<=[.!?])|(?<=[.!?][\"')*_])|(?<=[.!?]\*\*))\s+(?=[\"'(\[*_A-Z0-9\ue000\u3400-\u9fff])"
    r"|(?:(?<=[。！？])|(?<=[。！？][」』）]))(?![」』），、；：。！？])\s*"
)
_WRAPPED_CJK = re.compile(
    r"(?<=[\u3000-\u30ff\u3400-\u9fff\uff00-\uffef])\s*\n\s*(?=[\u3000-\u9fff\uff00-\uffef])"
)
_ABBREVIATION = re.compile(
    r"(?:\b(?:e\.g|i\.e|etc|vs|cf|approx|no|fig|mr|mrs|dr|st)|\b[A-Z])\.$", re.IGNORECASE
)


@dataclass(frozen=True, slots=True)
class Block:
    """``level`` is a heading's (1 to 6), else 0."""

    kind: Kind
    text: str
    level: int = 0


def blocks(text: str) -> list[Block]:
    """The blocks of a document, in order; nothing but blank lines is left out."""
    return list(_blocks(text.expandtabs(4).splitlines()))


def _blocks(lines: list[str]) -> Iterator[Block]:
    at = 0
    while at < len(lines):
        line = lines[at]
        if not line.strip():
            at += 1
            continue
        if heading := _HEADING.match(line):
            yield Block("heading", heading[2], len(heading[1]))
            at += 1
            continue
        kind, end = _extent(lines, at)
        yield Block(kind, "\n".join(lines[at:end]).strip("\n"))
        at = end


def _extent(lines: list[str], at: int) -> tuple[Kind, int]:
    """What begins at this line, and the line after its last."""
    if fence := _FENCE.match(lines[at]):
        return "code", _after_fence(lines, at, fence[1])
    if _ROW.match(lines[at]):
        return "table", _while(lines, at, lambda line: bool(_ROW.match(line)))
    if _ITEM.match(lines[at]):
        return "list", _after_list(lines, at)
    return "paragraph", _while(lines, at, lambda line: bool(line.strip()) and not _starts_block(line))


def _starts_block(line: str) -> bool:
    return bool(_FENCE.match(line) or _HEADING.match(line) or _ROW.match(line) or _ITEM.match(line))


def _while(lines: list[str], at: int, holds: Callable[[str], bool]) -> int:
    end = at + 1
    while end < len(lines) and holds(lines[end]):
        end += 1
    return end


def _after_fence(lines: list[str], at: int, fence: str) -> int:
    """A fence that is never closed reaches to the end, as in CommonMark."""
    for end in range(at + 1, len(lines)):
        if lines[end].strip().startswith(fence) and not lines[end].strip().strip(fence[0]):
            return end + 1
    return len(lines)


def _after_list(lines: list[str], at: int) -> int:
    """A list goes on over blank lines while what follows is indented or an item. Fences in it stay whole."""
    end = at + 1
    while end < len(lines):
        line = lines[end]
        if fence := _FENCE.match(line):
            if not line.startswith("  "):
                return end
            end = _after_fence(lines, end, fence[1])
        elif line.strip():
            if not (_ITEM.match(line) or line.startswith("  ") or lines[end - 1].strip()) or _HEADING.match(
                line
            ):
                return end
            end += 1
        else:
            following = _while(lines, end, lambda blank: not blank.strip())
            goes_on = following < len(lines) and (
                _ITEM.match(lines[following]) or lines[following].startswith("  ")
            )
            if not goes_on:
                return end
            end = following
    return end


def items(block: Block) -> list[str]:
    """The top items of a list, each with what is indented below it; the rows of a table below its head."""
    lines = block.text.splitlines()
    if block.kind == "table":
        return [line for line in lines[2:] if not _RULE.match(line)] if len(lines) > 2 else lines
    found: list[list[str]] = []
    for line in lines:
        if _TOP_ITEM.match(line) or not found:
            found.append([])
        found[-1].append(line)
    return ["\n".join(one).rstrip() for one in found]


def table_head(block: Block) -> str:
    return "\n".join(block.text.splitlines()[:2])


def sentences(text: str) -> list[str]:
    """The sentences of a paragraph, on one line each. Dots in code, addresses and abbreviations end none."""
    line = " ".join(_WRAPPED_CJK.sub("", text).split())
    held: list[str] = []
    masked = _PROTECTED.sub(lambda match: _hold(held, match[0]), line)
    pieces: list[str] = []
    for piece in _SENTENCE_END.split(masked):
        if pieces and _ABBREVIATION.search(pieces[-1]):
            pieces[-1] = f"{pieces[-1]} {piece}"
        elif piece.strip():
            pieces.append(piece.strip())
    return [re.sub("\ue000(\\d+)\ue001", lambda match: held[int(match[1])], piece) for piece in pieces]


def _hold(held: list[str], text: str) -> str:
    held.append(text)
    return f"\ue000{len(held) - 1}\ue001"
