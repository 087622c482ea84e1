"""How well a passage answers a question."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import chain, pairwise
from math import log

from chat.models import Passage
from chat.text.words import Concept, terms

#: Headings, list items and table rows begin with what they are about.
_LINE = re.compile(r"^\s*(?:#+|[-*+]|\d{1,3}[.)]|\|).*", re.MULTILINE)
#: Of the score, what coverage alone gives; the rest is earned by where and how often the words stand.
COVERAGE, HEADING, TITLE, LEADING, PHRASE, REPEATED = 0.58, 0.18, 0.05, 0.08, 0.05, 0.06
#: What a word that stands nowhere counts for, against one that stands in one place: it may be another word
#: for something known. A name that stands nowhere is what the documents do not know.
UNKNOWN_WORD, UNKNOWN_NAME = 0.93, 1.7

#: How much of the question a passage has to cover to be an answer; of one longer than ``SHORT`` words less.
LEAST_COVERAGE, LESS_FOR_EACH_WORD, SHORT, LEAST_COVERAGE_OF_LONG = 0.5, 0.03, 3, 0.38


@dataclass(frozen=True, slots=True)
class Weighed:
    """A passage as the ranking sees it."""

    terms: tuple[str, ...]
    leading: frozenset[str]
    heading: frozenset[str]
    title: frozenset[str]

    @classmethod
    def of(cls, passage: Passage) -> Weighed:
        headings = [line for line in passage.text.splitlines() if line.startswith("#")]
        return cls(
            terms=tuple(passage.terms.split()[1:]),
            leading=frozenset(chain.from_iterable(terms(line)[:1] for line in _LINE.findall(passage.text))),
            heading=frozenset(terms("\n".join([passage.heading, *headings]))),
            title=frozenset(terms(passage.file.title)),
        )


class Question:
    """The concepts of a question with what each weighs among so many passages."""

    def __init__(self, asked: Sequence[Concept], *, frequencies: Mapping[str, int], passages: int) -> None:
        self._asked = asked
        self.known_forms = {form for form, frequency in frequencies.items() if frequency}
        self._weights = [
            (one.forms, weight(one, max(frequencies[form] for form in one.forms), passages)) for one in asked
        ]
        self._total = sum(weight for _, weight in self._weights)
        self._neighbours = [(one.forms, other.forms) for one, other in pairwise(asked)]

    def coverage(self, here: frozenset[str]) -> float:
        """The share of the question, by weight, that these terms speak of."""
        return sum(weight for forms, weight in self._weights if forms & here) / self._total

    def is_met(self, passage: Weighed) -> bool:
        """Whether it covers enough to be an answer; of a long question less, because people tell stories."""
        words = sum(one.weight for one in self._asked)
        least = max(LEAST_COVERAGE_OF_LONG, LEAST_COVERAGE - LESS_FOR_EACH_WORD * max(0, words - SHORT))
        return self.coverage(frozenset(passage.terms)) >= least

    def score(self, passage: Weighed) -> float:
        """Between 0 and 1: coverage, and how much the passage is about it rather than mentions it."""
        about = (
            COVERAGE
            + HEADING * self.coverage(passage.heading)
            + LEADING * self.coverage(passage.leading)
            + TITLE * self.coverage(passage.title)
            + PHRASE * self._side_by_side(passage.terms)
            + REPEATED * self._repeated(passage.terms)
        )
        return round(self.coverage(frozenset(passage.terms)) * about, 4)

    def _side_by_side(self, ordered: Sequence[str]) -> float:
        """The share of the question's neighbouring concepts that are neighbours in the passage too."""
        if not self._neighbours:
            return 0.0
        pairs = set(pairwise(ordered))
        met = (
            bool(one & other) or any((a, b) in pairs for a in one for b in other)
            for one, other in self._neighbours
        )
        return sum(met) / len(self._neighbours)

    def _repeated(self, ordered: Sequence[str]) -> float:
        """Near 1 when the concepts come again and again."""
        asked = frozenset().union(*(forms for forms, _ in self._weights))
        times = sum(term in asked for term in ordered)
        return times / (times + 2.0 * len(self._weights))


def weight(asked: Concept, frequency: int, passages: int) -> float:
    """What it counts for when it stands in so many of the passages."""
    if not frequency:
        return asked.weight * rarity(1, passages) * (UNKNOWN_NAME if asked.name else UNKNOWN_WORD)
    return asked.weight * rarity(frequency, passages)


def rarity(frequency: int, passages: int) -> float:
    return log(1 + (passages - min(frequency, passages) + 0.5) / (frequency + 0.5))
