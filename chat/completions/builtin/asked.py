"""What a person asked, as the built-in provider weighs it against the sources it was given."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from math import log

from chat.completions.builtin.units import Unit
from chat.completions.deltas import Prompt, Turn
from chat.text.questions import leans_on_earlier
from chat.text.words import Concept, concepts

#: A capital or a digit within a sentence, not at its beginning: "WordPress", "GPT-4o".
_NAME = re.compile(r"(?<![.?!]\s)(?<![A-Za-z0-9_])(?<!^)(?:[A-Z]|[a-z]*\d)[A-Za-z0-9_.+-]*", re.MULTILINE)
EARLIER_WEIGHT, MOST_CONCEPTS = 0.5, 48


class Asked:
    """The concepts of the question, each weighed by how few of the units speak of it."""

    def __init__(self, prompt: Prompt, found: Sequence[Unit]) -> None:
        self.question = prompt.question
        self.concepts = _asked(prompt.turns)
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
        """Names in the question that no source knows: an answer has to say so."""
        names = dict.fromkeys(name.rstrip(".+-") for name in _NAME.findall(self.question))
        return [
            name
            for name in names
            if (parts := concepts(name)) and not any(one.forms & known for one in parts)
        ]


def _asked(turns: Sequence[Turn]) -> list[Concept]:
    questions = [turn.content for turn in turns if turn.role == "user"]
    newest = concepts(questions[-1])[:MOST_CONCEPTS]
    if len(questions) < 2 or not leans_on_earlier(questions[-1]):
        return newest
    known = {form for one in newest for form in one.forms}
    earlier = (one for one in concepts(questions[-2])[:MOST_CONCEPTS] if not one.forms & known)
    return [*newest, *(Concept(one.forms, one.weight * EARLIER_WEIGHT) for one in earlier)]


def _rarity(frequency: int, units: int) -> float:
    return log(1 + (units + 1) / (frequency + 1))
