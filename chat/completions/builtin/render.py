"""The chosen units as Markdown, with the number of its source after what each source says."""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import groupby

from chat.completions.builtin.units import Unit

_MARKER = re.compile(r"\s*(?:[-*+]|\d{1,3}[.)])\s+")
_NUMBER = re.compile(r"\s*(\d{1,3})[.)]\s")
_FENCE = re.compile(r"\s*(```+|~~~+)")
_CELL = re.compile(r"(?<!\\)\|")
_CJK_END = re.compile(r"[\u3000-\u9fff\uff00-\uffef]$")

_ENDS = (".", "!", "?", "。", "！", "？")

MOST_ROWS_AS_LIST = 3


def rendered(units: Sequence[Unit]) -> str:
    """Units that follow each other in one block stay one paragraph or list."""
    parts: list[str] = []
    for source, said in groupby(units, key=lambda unit: unit.source):
        blocks = [list(block) for _, block in groupby(said, key=lambda unit: unit.block)]
        parts.extend(_cited([_block(block) for block in blocks], source))
    return "\n\n".join(parts)


def _block(units: Sequence[Unit]) -> str:
    first = units[0]
    if first.kind == "sentence":
        return _joined([unit.text for unit in units])
    if first.kind == "item":
        return "\n".join(_items(units))
    if first.kind == "row":
        return _table(units)
    return first.text


def _items(units: Sequence[Unit]) -> list[str]:
    """Numbers only where the steps are all there, from the first on."""
    numbers = [int(number[1]) if (number := _NUMBER.match(unit.text)) else 0 for unit in units]
    if numbers == list(range(1, len(units) + 1)):
        return [unit.text for unit in units]
    return [_MARKER.sub("- ", unit.text, count=1) for unit in units]


def _table(rows: Sequence[Unit]) -> str:
    """A few rows read better as a list of what their heads say."""
    if len(rows) > MOST_ROWS_AS_LIST:
        return "\n".join([rows[0].head, *(row.text for row in rows)])
    names = _cells(rows[0].head.splitlines()[0])
    return "\n".join(_row(names, _cells(row.text)) for row in rows)


def _row(names: Sequence[str], cells: Sequence[str]) -> str:
    """What the row begins with; in brackets the cells that only their heads explain; then its sentences."""
    others = [(name, cell) for name, cell in zip(names[1:], cells[1:], strict=False) if cell]
    told = [cell for _, cell in others if len(others) == 1 or cell.endswith(_ENDS)]
    terse = "; ".join(f"{name}: {cell}" for name, cell in others if cell not in told)
    if not told:
        return f"- {cells[0]}: {terse}" if terse else f"- {cells[0]}"
    return f"- {cells[0]} ({terse}): {_joined(told)}" if terse else f"- {cells[0]}: {_joined(told)}"


def _cells(row: str) -> list[str]:
    return [cell.strip() for cell in _CELL.split(row.strip().strip("|"))]


def _joined(sentences: Sequence[str]) -> str:
    text = ""
    for sentence in sentences:
        text += sentence if not text or _CJK_END.search(text) else f" {sentence}"
    return text


def _cited(blocks: list[str], source: int) -> list[str]:
    """The number goes to the end of the source's last words, which are neither code nor a table."""
    for at in reversed(range(len(blocks))):
        lines = blocks[at].splitlines()
        if (last := _last_prose(lines)) is not None:
            lines[last] = f"{lines[last]} [{source}]"
            return [*blocks[:at], "\n".join(lines), *blocks[at + 1 :]]
    return [*blocks, f"[{source}]"]


def _last_prose(lines: Sequence[str]) -> int | None:
    prose, fence = None, ""
    for at, line in enumerate(lines):
        mark = _FENCE.match(line)
        if mark and not fence:
            fence = mark[1]
        elif mark and mark[1].startswith(fence):
            fence = ""
        elif not fence and line.strip() and not line.lstrip().startswith("|"):
            prose = at
    return prose
