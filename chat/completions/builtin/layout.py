"""Where the units of the sources stand, and which of them cannot be said alone."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from chat.completions.builtin.units import Unit
from chat.text.words import cjk_count

_CONTINUES = (
    "it ", "its ", "this ", "that ", "these ", "those ", "they ", "then ", "there ", "so ", "but ", "both ",
    "它", "這", "那", "此", "因此", "所以", "但", "接著", "然後", "不過",
)  # fmt: skip
_ANNOUNCES = (":", "：")
#: A paragraph or list is said whole up to this length, and so is what a sentence announces.
WHOLE, ANNOUNCED = 480, 700
#: Of a longer paragraph so many sentences.
SENTENCES = 3

Block = tuple[Unit, ...]


class Layout:
    def __init__(self, units: Iterable[Unit]) -> None:
        self._blocks: dict[tuple[int, int], list[Unit]] = {}
        for unit in units:
            self._blocks.setdefault((unit.source, unit.block), []).append(unit)

    def sections(self) -> list[list[Block]]:
        """The blocks below each heading of each source."""
        found: dict[tuple[int, str], list[Block]] = {}
        for block in self._blocks.values():
            found.setdefault((block[0].source, block[0].section), []).append(tuple(block))
        return list(found.values())

    def company(self, unit: Unit) -> list[Unit]:
        """The unit with what a reader needs beside it, in their order."""
        around = self._around(unit)
        return [*self._announcement(around[0]), *around, *self._announced(around[-1])]

    def _around(self, unit: Unit) -> Sequence[Unit]:
        """Its paragraph or list; of a long one the next sentences; of a table or a long list the one line."""
        block = self._blocks[unit.source, unit.block]
        if unit.kind in ("sentence", "item") and length(block) <= WHOLE:
            return block
        if unit.kind != "sentence":
            return [unit]
        first = unit.at
        while first and continues(block[first]):
            first -= 1
        return block[first : max(first + SENTENCES, unit.at + 1)]

    def _announcement(self, first: Unit) -> list[Unit]:
        """The sentence above a list, a table or code that says what it is."""
        above = self._neighbour(first, -1)
        if first.kind == "sentence" or not above or above[-1].kind != "sentence":
            return []
        return [above[-1]] if announces(above[-1]) or first.kind == "code" else []

    def _announced(self, last: Unit) -> list[Unit]:
        """The list, table or code that the last sentence announces."""
        below = self._neighbour(last, 1)
        return list(below) if announces(last) and below and length(below) <= ANNOUNCED else []

    def _neighbour(self, unit: Unit, step: int) -> Block:
        """The block next to this one, if it stands below the same heading."""
        block = self._blocks.get((unit.source, unit.block + step), [])
        return tuple(block) if block and block[0].section == unit.section else ()


def continues(unit: Unit) -> bool:
    """Whether it speaks of something that the sentence before has named."""
    return unit.text.lower().startswith(_CONTINUES)


def announces(unit: Unit) -> bool:
    return unit.text.rstrip("*_ ").endswith(_ANNOUNCES)


def length(units: Iterable[Unit]) -> int:
    """In Latin letters: a Chinese character counts for two."""
    return sum(len(unit.text) + cjk_count(unit.text) + 1 for unit in units)
