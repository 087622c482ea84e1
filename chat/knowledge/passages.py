"""A document cut into passages: by heading, long enough to make sense alone, short enough to be cited."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from chat.text.markdown import Block, blocks, items, sentences, table_head

#: A passage is at least this long unless its document is shorter, and at most that long unless it is one
#: block of code, which is never cut.
SHORTEST, LONGEST = 400, 1200
BETWEEN = " › "


@dataclass(frozen=True, slots=True)
class Cut:
    """``heading`` is the path of headings below the title."""

    heading: str
    text: str


@dataclass(slots=True)
class _Section:
    path: tuple[tuple[int, str], ...]
    pieces: list[str]

    @property
    def length(self) -> int:
        return sum(map(len, self.pieces)) + 2 * len(self.pieces)


def title_of(text: str) -> str:
    """The first heading of the highest level, or nothing."""
    headings = [block for block in blocks(text) if block.kind == "heading"]
    return min(headings, key=lambda block: block.level).text if headings else ""


def cut(text: str) -> list[Cut]:
    """The passages of a document, in order."""
    return [
        Cut(BETWEEN.join(title for _, title in section.path), "\n\n".join(section.pieces))
        for section in _joined(_split(_sections(blocks(text))))
    ]


def _sections(found: Iterable[Block]) -> Iterator[_Section]:
    """One for each heading that has something below it. The title stands for the document: in no path."""
    section, title_seen = _Section((), []), False
    for block in found:
        if block.kind != "heading":
            section.pieces.extend(_fitting(block))
            continue
        if section.pieces:
            yield section
        path = tuple(above for above in section.path if above[0] < block.level)
        is_title = block.level == 1 and not title_seen
        title_seen = title_seen or is_title
        section = _Section(path if is_title else (*path, (block.level, block.text)), [])
    if section.pieces:
        yield section


def _fitting(block: Block) -> Iterator[str]:
    """The block, in parts if it is too long for one passage. Code stays whole whatever its length."""
    if len(block.text) <= LONGEST or block.kind == "code":
        yield block.text
    elif block.kind == "table":
        head = table_head(block)
        for part in _packed(items(block), "\n", LONGEST - len(head) - 1):
            yield f"{head}\n{part}"
    elif block.kind == "list":
        yield from _packed(items(block), "\n", LONGEST)
    else:
        whole = (piece for sentence in sentences(block.text) for piece in _chopped(sentence))
        yield from _packed(whole, " ", LONGEST)


def _packed(parts: Iterable[str], between: str, room: int) -> Iterator[str]:
    held = ""
    for part in parts:
        if held and len(held) + len(between) + len(part) > room:
            yield held
            held = part
        else:
            held = f"{held}{between}{part}" if held else part
    if held:
        yield held


def _chopped(sentence: str) -> Iterator[str]:
    """A "sentence" without an end (a log, a list of names) is cut by length."""
    for at in range(0, len(sentence), LONGEST):
        yield sentence[at : at + LONGEST]


def _split(sections: Iterable[_Section]) -> Iterator[_Section]:
    """Sections that are too long, in several with the same heading."""
    for section in sections:
        part = _Section(section.path, [])
        for piece in section.pieces:
            if part.pieces and part.length + len(piece) > LONGEST:
                yield part
                part = _Section(section.path, [])
            part.pieces.append(piece)
        yield part


def _joined(sections: Iterable[_Section]) -> Iterator[_Section]:
    """Short neighbours together under what their headings have in common; their own headings stay inside."""
    held: _Section | None = None
    for section in sections:
        if held is None:
            held = section
        elif held.length >= SHORTEST or held.length + section.length > LONGEST:
            yield held
            held = section
        else:
            held = _together(held, section)
    if held is not None:
        yield held


def _together(one: _Section, other: _Section) -> _Section:
    common = tuple(a for a, b in zip(one.path, other.path, strict=False) if a == b)
    return _Section(common, [*_below(one, common), *_below(other, common)])


def _below(section: _Section, common: tuple[tuple[int, str], ...]) -> list[str]:
    headings = [f"{'#' * level} {title}" for level, title in section.path[len(common) :]]
    return [*headings, *section.pieces]
