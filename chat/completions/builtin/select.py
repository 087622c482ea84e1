"""Which units of the sources make the answer."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import chain

from chat.completions.builtin.asked import Asked
from chat.completions.builtin.layout import Block, Layout, announces, length
from chat.completions.builtin.units import Unit
from chat.text.questions import asks_how

#: What an answer may hold, in characters, and what may be added from elsewhere.
LONGEST_ANSWER, LONGEST_ADDITION = 1100, 400
MOST_STATEMENTS = 3
#: A unit is worth saying if it comes this near to the best one, and says something not said yet.
LEAST_SHARE_OF_BEST, MOST_OVERLAP = 0.6, 0.6
#: What a heading lends to the units below it, and what having steps or code adds where they are asked for.
SECTION_WEIGHT, PROCEDURE_BONUS = 0.4, 0.12
#: A source that the search put one place lower.
LOWER_PLACE = 0.04


def selected(asked: Asked, units: Sequence[Unit]) -> list[Unit]:
    """The units of the answer in the order to say them; empty if none speaks of the question."""
    layout = Layout(units)
    scores = {unit: _score(asked, unit) for unit in units}
    if not any(scores.values()):
        return []
    chosen = _procedure(asked, layout, scores) if asks_how(asked.question) else []
    return _in_order(_with_statements(layout, scores, chosen))


def _score(asked: Asked, unit: Unit) -> float:
    """Its own words count in full; the heading above it lends it some."""
    own, section = asked.coverage(unit.terms), asked.coverage(unit.section_terms)
    return (own + SECTION_WEIGHT * section * (1 - own)) / (1 + LOWER_PLACE * (unit.source - 1))


def _procedure(asked: Asked, layout: Layout, scores: dict[Unit, float]) -> list[Unit]:
    """The section that tells how, from its first telling block on, with its lists and code whole."""

    def worth(section: list[Block]) -> float:
        together = frozenset().union(
            *(unit.terms | unit.section_terms for block in section for unit in block)
        )
        has_steps = any(block[0].kind in ("item", "code") for block in section)
        place = section[0][0].source - 1
        return (asked.coverage(together) + PROCEDURE_BONUS * has_steps) / (1 + LOWER_PLACE * place)

    section = max(layout.sections(), key=worth)
    if not any(block[0].kind in ("item", "code") for block in section):
        return []
    about = asked.coverage(section[0][0].section_terms) >= LEAST_SHARE_OF_BEST
    best = max(scores[unit] for block in section for unit in block)
    first = 0 if about else _first_telling(section, scores, best * LEAST_SHARE_OF_BEST)
    return list(_whole_blocks(section[first:]))


def _first_telling(section: Sequence[Block], scores: dict[Unit, float], least: float) -> int:
    """The first block that reaches the score, or the one above it that announces it."""
    at = next(at for at, block in enumerate(section) if max(scores[unit] for unit in block) >= least)
    return at - 1 if at and announces(section[at - 1][-1]) else at


def _whole_blocks(section: Iterable[Block]) -> Iterable[Unit]:
    """As many blocks as an answer holds; never one that announces what is left out."""
    held: list[Block] = []
    for block in section:
        if held and length([*chain(*held), *block]) > LONGEST_ANSWER:
            break
        held.append(block)
    while len(held) > 1 and announces(held[-1][-1]):
        held.pop()
    return chain(*held)


def _with_statements(layout: Layout, scores: dict[Unit, float], chosen: list[Unit]) -> list[Unit]:
    """Add the best units that say something new, each with what it needs beside it."""
    best = max(scores.values())
    limit = length(chosen) + LONGEST_ADDITION if chosen else LONGEST_ANSWER
    statements = 0
    for unit in sorted(scores, key=lambda unit: (-scores[unit], unit.source, unit.block, unit.at)):
        if scores[unit] < best * LEAST_SHARE_OF_BEST or statements == MOST_STATEMENTS:
            break
        company = [one for one in layout.company(unit) if one not in chosen]
        if unit in chosen or _said_already(unit, chosen) or (chosen and length(chosen + company) > limit):
            continue
        chosen = chosen + company
        statements += 1
    return chosen


def _said_already(unit: Unit, chosen: Iterable[Unit]) -> bool:
    """Whether one that is chosen has most of its words."""
    return any(len(unit.terms & one.terms) > MOST_OVERLAP * len(unit.terms) for one in chosen)


def _in_order(chosen: Sequence[Unit]) -> list[Unit]:
    """Sources in the order in which they were first needed, each source in its own order."""
    place = {source: at for at, source in enumerate(dict.fromkeys(unit.source for unit in chosen))}
    return sorted(chosen, key=lambda unit: (place[unit.source], unit.block, unit.at))
