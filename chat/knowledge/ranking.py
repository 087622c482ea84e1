"""How well a passage answers a question."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from math import log

from chat.models import Passage
from chat.text.words import Concept, terms

#: Of the score, what coverage alone gives; the rest is earned by where and how often the words stand.
COVERAGE, HEADING, TITLE, PHRASE, REPEATED = 0.66, 0.14, 0.06, 0.06, 0.08


@dataclass(frozen=True, slots=True)
class Weighed:
    """A passage as the ranking sees it."""

    terms: tuple[str, ...]
    heading: frozenset[str]
    title: frozenset[str]

    @classmethod
    def of(cls, passage: Passage) -> Weighed:
        headings = [line for line in passage.text.splitlines() if line.startswith("#")]
        return cls(
            terms=tuple(passage.terms.split()[1:]),
            heading=frozenset(terms("\n".join([passage.heading, *headings]))),
            title=frozenset(terms(passage.file.title)),
        )


class Question:
    """The concepts of a question with what each weighs among so many passages."""

    def __init__(self, asked: Sequence[Concept], *, frequencies: Mapping[str, int], passages: int) -> None:
        self.known_forms = {form for form, frequency in frequencies.items() if frequency}
        self._weights = [
            (one.forms, one.weight * rarity(max(frequencies[form] for form in one.forms), passages))
            for one in asked
        ]
        self._total = sum(weight for _, weight in self._weights)
        self._neighbours = [(one.forms, other.forms) for one, other in pairwise(asked)]

    def coverage(self, here: frozenset[str]) -> float:
        """The share of the question, by weight, that these terms speak of."""
        return sum(weight for forms, weight in self._weights if forms & here) / self._total

    def score(self, passage: Weighed) -> float:
        """Between 0 and 1: coverage, and how much the passage is about it rather than mentions it."""
        about = (
            COVERAGE
            + HEADING * self.coverage(passage.heading)
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


def rarity(frequency: int, passages: int) -> float:
    """The weight of a word found in so many passages. One found nowhere weighs as much as one found once."""
    frequency = max(1, frequency)
    return log(1 + (passages - min(frequency, passages) + 0.5) / (frequency + 0.5))
