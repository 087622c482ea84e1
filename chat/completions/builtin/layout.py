"""Where the units of the sources stand: what a sentence, a step or a piece of code cannot be without."""

from __future__ import annotations

from collections.abc import Sequence

from chat.completions.builtin.units import Unit

_CONTINUES = (
    "it ", "its ", "this ", "that ", "these ", "those ", "they ", "then ", "there ", "so ", "but ", "both ",
    "它", "這", "那", "此", "因此", "所以", "但", "接著", "然後", "不過",
)  # fmt: skip
_ANNOUNCES = (":", "：")
#: A list or code that a sentence announces comes with it up to this many characters.
LONGEST_COMPANY = 700

Block = tuple[Unit, ...]


class Layout:
    def __init__(self, units: Sequence[Unit]) -> None:
        self._blocks: dict[tuple[int, int], list[Unit]] = {}
        for unit in units:
            self._blocks.setdefault((unit.source, unit.block), []).append(unit)

    def block(self, unit: Unit) -> Block:
        return tuple(self._blocks[unit.source, unit.block])

    def sections(self) -> list[list[Block]]:
        """The blocks below each heading of each source."""
        found: dict[tuple[int, str], list[Block]] = {}
        for block in self._blocks.values():
            found.setdefault((block[0].source, block[0].section), []).append(tuple(block))
        return list(found.values())

    def company(self, unit: Unit) -> list[Unit]:
        """The unit with what it needs beside it, in their order."""
        return [*self._needed_before(unit), unit, *self._needed_after(unit)]

    def _needed_before(self, unit: Unit) -> list[Unit]:
        block = self.block(unit)
        if unit.kind == "sentence":
            if not unit.at or not continues(unit):
                return []
            before = block[unit.at - 1]
            return [*self._needed_before(before), before]
        above = self._neighbour(unit, -1)
        if above and above[-1].kind == "sentence" and (announces(above[-1]) or unit.kind == "code"):
            return [*self._needed_before(above[-1]), above[-1]]
        return []

    def _needed_after(self, unit: Unit) -> list[Unit]:
        """What it announces, and the code below a step."""
        below = self._neighbour(unit, 1)
        last = unit is self.block(unit)[-1]
        if (
            last
            and below
            and announces(unit)
            and below[0].kind != "sentence"
            and length(below) <= LONGEST_COMPANY
        ):
            return list(below)
        return []

    def _neighbour(self, unit: Unit, step: int) -> Block:
        """The block next to this one, if it stands below the same heading."""
        block = self._blocks.get((unit.source, unit.block + step), [])
        return tuple(block) if block and block[0].section == unit.section else ()


def continues(unit: Unit) -> bool:
    """Whether it speaks of something that the sentence before has named."""
    return unit.text.lower().startswith(_CONTINUES)


def announces(unit: Unit) -> bool:
    return unit.text.rstrip("*_ ").endswith(_ANNOUNCES)


def length(units: Sequence[Unit]) -> int:
    return sum(len(unit.text) + 1 for unit in units)
