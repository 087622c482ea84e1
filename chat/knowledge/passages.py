"""A document cut into passages: by heading, long enough to make sense alone, short enough to be cited."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import takewhile

from chat.text.markdown import Block, blocks, items, sentences, table_head
from chat.text.words import cjk_count, is_cjk

#: In Latin letters; a Chinese character counts for two. Shorter sections are joined with the next ones,
#: longer ones are cut between blocks, and only a single block of code may be longer still.
SHORTEST, LONGEST = 240, 1200
BETWEEN, BESIDE = " › ", " · "


@dataclass(frozen=True, slots=True)
class Cut:
    """``heading`` is the path of headings below the title."""

    heading: str
    text: str


Path = tuple[tuple[int, str], ...]


@dataclass(slots=True)
class _Section:
    """``paths`` are the headings above its pieces: several, if short sections were joined."""

    paths: list[Path]
    pieces: list[str]
    is_whole: bool = True

    @property
    def length(self) -> int:
        return sum(map(size, self.pieces)) + 2 * len(self.pieces)

    @property
    def heading(self) -> str:
        above = _common(self.paths)
        own = BESIDE.join(path[-1][1] for path in self.paths if len(path) > len(above))
        return BETWEEN.join([*(title for _, title in above), *filter(None, [own])])


def size(text: str) -> int:
    """Its length as a reader feels it."""
    return len(text) + cjk_count(text)


def title_of(text: str) -> str:
    """The first heading of the highest level, or nothing."""
    headings = [block for block in blocks(text) if block.kind == "heading"]
    return min(headings, key=lambda block: block.level).text if headings else ""


def cut(text: str) -> list[Cut]:
    """The passages of a document, in order."""
    return [
        Cut(section.heading, "\n\n".join(section.pieces))
        for section in _joined(_split(_sections(blocks(text))))
    ]


def _sections(found: Iterable[Block]) -> Iterator[_Section]:
    """One for each heading that has something below it. The title stands for the document: in no path."""
    path: Path = ()
    pieces: list[str] = []
    title_seen = False
    for block in found:
        if block.kind != "heading":
            pieces.extend(_fitting(block))
            continue
        if pieces:
            yield _Section([path], pieces)
        pieces = []
        above = tuple(one for one in path if one[0] < block.level)
        is_title = block.level == 1 and not title_seen
        path = above if is_title else (*above, (block.level, block.text))
        title_seen = title_seen or is_title
    if pieces:
        yield _Section([path], pieces)


def _fitting(block: Block) -> Iterator[str]:
    """The block, in parts if it is too long for one passage. Code stays whole whatever its length."""
    if size(block.text) <= LONGEST or block.kind == "code":
        yield block.text
    elif block.kind == "table":
        head = table_head(block)
        for part in _packed(items(block), "\n", LONGEST - size(head) - 1):
            yield f"{head}\n{part}"
    elif block.kind == "list":
        yield from _packed(items(block), "\n", LONGEST)
    else:
        whole = (piece for sentence in sentences(block.text) for piece in _chopped(sentence))
        yield from _packed(whole, "" if is_cjk(block.text) else " ", LONGEST)


def _packed(parts: Iterable[str], between: str, room: int) -> Iterator[str]:
    held = ""
    for part in parts:
        if held and size(held) + len(between) + size(part) > room:
            yield held
            held = part
        else:
            held = f"{held}{between}{part}" if held else part
    if held:
        yield held


def _chopped(sentence: str) -> Iterator[str]:
    """A "sentence" without an end (a log, a list of names) is cut by length."""
    step = LONGEST if size(sentence) == len(sentence) else LONGEST // 2
    for at in range(0, len(sentence), step):
        yield sentence[at : at + step]


def _split(sections: Iterable[_Section]) -> Iterator[_Section]:
    """Sections that are too long, in several with the same heading."""
    for section in sections:
        if section.length <= LONGEST:
            yield section
            continue
        part = _Section(section.paths, [], is_whole=False)
        for piece in section.pieces:
            if part.pieces and part.length + size(piece) > LONGEST:
                yield part
                part = _Section(section.paths, [], is_whole=False)
            part.pieces.append(piece)
        yield part


def _joined(sections: Iterable[_Section]) -> Iterator[_Section]:
    """Short neighbours together. Their own headings stay inside."""
    held: _Section | None = None
    for section in sections:
        if held is None:
            held = section
        elif _belong_together(held, section):
            held = _Section([*held.paths, *section.paths], [*_with_heading(held), *_with_heading(section)])
        else:
            yield held
            held = section
    if held is not None:
        yield held


def _belong_together(one: _Section, other: _Section) -> bool:
    both_whole = one.is_whole and other.is_whole
    return both_whole and one.length < SHORTEST and one.length + other.length <= LONGEST


def _with_heading(section: _Section) -> list[str]:
    if len(section.paths) > 1 or not section.paths[0]:
        return section.pieces
    level, title = section.paths[0][-1]
    return [f"{'#' * level} {title}", *section.pieces]


def _common(paths: list[Path]) -> Path:
    """The headings that all of them stand below."""
    shared = takewhile(lambda level: len(set(level)) == 1, zip(*paths, strict=False))
    return tuple(level[0] for level in shared)
