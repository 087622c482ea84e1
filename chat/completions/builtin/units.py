"""Sources taken apart into what an answer can be made of: sentences, list items, table rows, code."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Literal

from chat.completions.deltas import Source
from chat.text.markdown import Block, blocks, items, sentences, table_head
from chat.text.words import terms

Kind = Literal["sentence", "item", "row", "code"]

_RELATIVE_LINK = re.compile(r"(?<!!)\[([^\]]+)\]\((?!https?://)[^)]*\)")


@dataclass(frozen=True)
class Unit:
    """``block`` counts the blocks of the source and ``at`` the units of the block. ``section`` is the heading
    above it, ``head`` the head of its table."""

    source: int
    section: str
    block: int
    at: int
    kind: Kind
    text: str
    head: str = ""

    @cached_property
    def terms(self) -> frozenset[str]:
        return frozenset(terms(f"{self.head}\n{self.text}"))

    @cached_property
    def section_terms(self) -> frozenset[str]:
        return frozenset(terms(self.section))


def units(sources: Iterable[Source]) -> list[Unit]:
    return [unit for source in sources for unit in _units(source)]


def _units(source: Source) -> Iterator[Unit]:
    section = source.heading
    for number, block in enumerate(blocks(_RELATIVE_LINK.sub(r"\1", source.text))):
        if block.kind == "heading":
            section = block.text
            continue
        head = table_head(block) if block.kind == "table" else ""
        for at, (kind, text) in enumerate(_parts(block)):
            yield Unit(source.number, section, number, at, kind, text, head)


def _parts(block: Block) -> Iterator[tuple[Kind, str]]:
    match block.kind:
        case "code":
            yield "code", block.text
        case "list":
            yield from (("item", item) for item in items(block))
        case "table":
            yield from (("row", row) for row in items(block))
        case _:
            yield from (("sentence", sentence) for sentence in sentences(block.text))
