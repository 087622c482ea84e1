"""Sources taken apart into what an answer can be made of: sentences, list items, table rows, code."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Literal

from chat.completions.deltas import Source
from chat.text.markdown import Block, blocks, items, sentences, table_head
from chat.text.words import terms

Kind = Literal["sentence", "item", "row", "code"]

_RELATIVE_LINK = re.compile(r"(?<!!)\[([^\]]+)\]\((?!https?://)[^)]*\)")
#: A row that only says in which other document to read: it answers nothing.
_POINTER = re.compile(rf"\|\s*(?:{_RELATIVE_LINK.pattern}[\s,]*)+\|")


@dataclass(frozen=True)
class Unit:
    """``block`` counts the blocks of the source and ``at`` the units of the block. ``section`` is the heading
    above it, ``title`` its document's, ``head`` the head of its table. ``rank`` is how well its source was
    found, against the best one."""

    source: int
    title: str
    section: str
    block: int
    at: int
    kind: Kind
    text: str
    head: str = ""
    rank: float = 1.0

    @cached_property
    def terms(self) -> frozenset[str]:
        return frozenset(terms(f"{self.head}\n{self.text}"))

    @cached_property
    def section_terms(self) -> frozenset[str]:
        return frozenset(terms(self.section))

    @cached_property
    def title_terms(self) -> frozenset[str]:
        return frozenset(terms(self.title))


def units(sources: Sequence[Source]) -> list[Unit]:
    best = max((source.score for source in sources), default=0) or 1.0
    return [unit for source in sources for unit in _units(source, source.score / best)]


def _units(source: Source, rank: float) -> Iterator[Unit]:
    section = source.heading
    for number, block in enumerate(blocks(source.text)):
        if block.kind == "heading":
            section = block.text
            continue
        head = table_head(block) if block.kind == "table" else ""
        for at, (kind, text) in enumerate(_parts(block)):
            words = _RELATIVE_LINK.sub(r"\1", text)
            yield Unit(source.number, source.title, section, number, at, kind, words, head, rank)


def _parts(block: Block) -> Iterator[tuple[Kind, str]]:
    match block.kind:
        case "code":
            yield "code", block.text
        case "list":
            yield from (("item", item) for item in items(block))
        case "table":
            yield from (("row", row) for row in items(block) if not _POINTER.search(row))
        case _:
            yield from (("sentence", sentence) for sentence in sentences(block.text))
