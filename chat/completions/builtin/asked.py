"""What a person asked, as the built-in provider weighs it against the sources it was given."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from math import log

from chat.completions.builtin.units import Unit
from chat.completions.deltas import Prompt
from chat.text.questions import asks_how, gist, leans_on_earlier
from chat.text.words import Concept, concepts, is_cjk

EARLIER_WEIGHT, MOST_CONCEPTS = 0.5, 48


class Asked:
    """The concepts of the question, each weighed by how few of the units speak of it."""

    def __init__(self, prompt: Prompt, found: Sequence[Unit]) -> None:
        question, *before = [gist(turn.content) for turn in reversed(prompt.turns) if turn.role == "user"][:2]
        earlier = before[0] if before and leans_on_earlier(question) else ""
        self.how = asks_how(question) or asks_how(earlier)
        self.is_cjk = is_cjk(question)
        self.concepts = _asked(question, earlier)
        frequencies = Counter(term for unit in found for term in unit.terms)
        self._weights = [
            (one.forms, one.weight * _rarity(max(frequencies[form] for form in one.forms), len(found)))
            for one in self.concepts
        ]
        self._total = sum(weight for _, weight in self._weights) or 1.0

    def coverage(self, here: frozenset[str]) -> float:
        """The share of the question that these terms speak of."""
        return sum(weight for forms, weight in self._weights if forms & here) / self._total

    def unmentioned(self, known: frozenset[str]) -> list[str]:
        """Names in the question that these terms do not have: an answer made of them has to say so."""
        return list(dict.fromkeys(one.name for one in self.concepts if one.name and not one.forms & known))


def _asked(question: str, earlier: str) -> list[Concept]:
    newest = concepts(question)[:MOST_CONCEPTS]
    known = {form for one in newest for form in one.forms}
    before = (one for one in concepts(earlier)[:MOST_CONCEPTS] if not one.forms & known)
    return [*newest, *(replace(one, weight=one.weight * EARLIER_WEIGHT) for one in before)]


def _rarity(frequency: int, units: int) -> float:
    return log(1 + (units + 1) / (frequency + 1))
