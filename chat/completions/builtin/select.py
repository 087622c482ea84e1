"""Which units of the sources make the answer.

A question for a procedure is answered by the section that tells it, with its steps and code; any other by the
paragraph, list or rows that speak of it. More is added only if it speaks of what was asked and not said yet.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import chain

from chat.completions.builtin.asked import Asked
from chat.completions.builtin.layout import Block, Layout, announces, length
from chat.completions.builtin.units import Unit
from chat.text.words import is_cjk

#: What an answer may hold, as ``layout.length`` counts, and what may be added to it.
LONGEST_ANSWER, LONGEST_ADDITION = 1200, 600
MOST_STATEMENTS = 4
#: Of the best unit's score, what another needs that says something new, or that stands in a table beside it.
LEAST_SHARE_OF_BEST, LEAST_SHARE_OF_ROWS = 0.45, 0.8
#: How much more of the question an addition has to cover.
LEAST_GAIN = 0.12
#: How much of what only the heading, or the title, speaks of counts for the units below it.
SECTION_SHARE, TITLE_SHARE = 0.7, 0.35
#: What a section gains, when the question is how, by a heading that says it and by having steps or code.
HEADING_BONUS, STEPS_BONUS = 0.25, 0.18
#: What a unit in another language than the question's counts for.
OTHER_LANGUAGE = 0.6
#: Prose needs less room than steps.
LONGEST_PROSE = 800

Scores = dict[Unit, float]


def selected(asked: Asked, units: Sequence[Unit]) -> list[Unit]:
    """The units of the answer in the order to say them; empty if none speaks of the question."""
    layout = Layout(units)
    scores = {unit: _covered(asked, unit.terms, unit) * _standing(asked, unit) for unit in units}
    if not any(scores.values()):
        return []
    chosen = _procedure(asked, layout, scores) if asked.how else []
    return _in_order(_with_statements(asked, layout, scores, chosen))


def _covered(asked: Asked, own: frozenset[str], unit: Unit) -> float:
    """A unit's own words count in full, those of the heading above it and of the title in part."""
    with_section = own | unit.section_terms
    with_title = with_section | unit.title_terms
    covered, section, title = map(asked.coverage, (own, with_section, with_title))
    return covered + SECTION_SHARE * (section - covered) + TITLE_SHARE * (title - section)


def _standing(asked: Asked, unit: Unit) -> float:
    """How well its source was found, and whether it can be read by whoever asks."""
    return unit.rank * (1.0 if is_cjk(unit.text) == asked.is_cjk else OTHER_LANGUAGE)


# A procedure


def _procedure(asked: Asked, layout: Layout, scores: Scores) -> list[Unit]:
    """The section that tells how, from its first telling block on, with its lists and code whole."""

    def worth(section: list[Block]) -> float:
        first = section[0][0]
        covered = _covered(asked, _own_terms(chain(*section)), first)
        heading = HEADING_BONUS * asked.coverage(first.section_terms)
        return (covered + heading + STEPS_BONUS * _has_steps(section)) * _standing(asked, first)

    section = max(layout.sections(), key=worth)
    about = asked.coverage(section[0][0].section_terms)
    best = max(scores[unit] for unit in chain(*section))
    first = 0 if about >= 0.5 else _first_telling(section, scores, best * 0.6)
    return _whole_blocks(section[first:], LONGEST_ANSWER if _has_steps(section) else LONGEST_PROSE)


def _has_steps(section: Iterable[Block]) -> bool:
    return any(block[0].kind in ("item", "code") for block in section)


def _first_telling(section: Sequence[Block], scores: Scores, least: float) -> int:
    """The first block that reaches the score, or the one above it that announces it."""
    at = next(at for at, block in enumerate(section) if max(scores[unit] for unit in block) >= least)
    return at - 1 if at and announces(section[at - 1][-1]) else at


def _whole_blocks(section: Sequence[Block], room: int) -> list[Unit]:
    """As many blocks as an answer holds; never one that announces what is left out."""
    held: list[Block] = []
    for block in section:
        if held and length(chain(*held, block)) > room:
            break
        held.append(block)
    while len(held) > 1 and announces(held[-1][-1]):
        held.pop()
    return list(chain(*held))


# Statements


def _with_statements(asked: Asked, layout: Layout, scores: Scores, chosen: list[Unit]) -> list[Unit]:
    """Add the best unit, if nothing is chosen yet, and those that speak of more of the question."""
    best = max(scores.values())
    room = length(chosen) + LONGEST_ADDITION
    for unit in sorted(scores, key=lambda unit: -scores[unit])[:MOST_STATEMENTS]:
        if unit in chosen or scores[unit] < best * LEAST_SHARE_OF_BEST:
            continue
        company = [one for one in layout.company(unit) if one not in chosen]
        if not chosen or (
            _is_worth_adding(asked, unit, chosen, scores, best) and length(chosen + company) <= room
        ):
            chosen = chosen + company
            room = max(room, LONGEST_ANSWER)
    return chosen


def _is_worth_adding(asked: Asked, unit: Unit, chosen: list[Unit], scores: Scores, best: float) -> bool:
    if unit.kind == "row" and any(one.kind == "row" and one.block == unit.block for one in chosen):
        return scores[unit] >= best * LEAST_SHARE_OF_ROWS
    said = _terms(chosen)
    return asked.coverage(said | unit.terms) - asked.coverage(said) >= LEAST_GAIN


def _terms(units: Iterable[Unit]) -> frozenset[str]:
    units = list(units)
    return _own_terms(units).union(*(unit.section_terms for unit in units))


def _own_terms(units: Iterable[Unit]) -> frozenset[str]:
    return frozenset().union(*(unit.terms for unit in units))


def _in_order(chosen: Sequence[Unit]) -> list[Unit]:
    """Sources in the order in which they were first needed, each source in its own order."""
    place = {source: at for at, source in enumerate(dict.fromkeys(unit.source for unit in chosen))}
    return sorted(chosen, key=lambda unit: (place[unit.source], unit.block, unit.at))
