"""Search: the passages that answer a question, or none.

    question -> concepts -> the index's best fifty -> how much of the question each covers -> those to cite

The index ranks by frequency, which always finds something. What is returned is decided by coverage: the share
of the question's concepts, each weighed by how rare it is in these knowledge bases, that a passage speaks of.
A question about something unknown covers little, and finds nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from uuid import UUID

from chat.knowledge import index
from chat.knowledge.ranking import Question, Weighed
from chat.models import Passage
from chat.text.questions import leans_on_earlier
from chat.text.words import Concept, concepts

CANDIDATES = 50
#: A long message is searched for by its beginning and its end, where people put what they ask.
CONCEPTS_AT_EACH_END = 24
#: How much of the question a passage has to cover, and how it has to compare with the best one.
LEAST_COVERAGE = 0.45
LEAST_SHARE_OF_BEST = 0.6
#: What an earlier question weighs in one that leans on it.
EARLIER_WEIGHT = 0.5


@dataclass(frozen=True, slots=True)
class Found:
    """A passage worth citing. ``score`` is between 0 and 1."""

    passage: Passage
    score: float

    @property
    def title(self) -> str:
        return self.passage.file.title

    @property
    def heading(self) -> str:
        return self.passage.heading

    @property
    def text(self) -> str:
        return self.passage.text


def search(
    *, knowledge_bases: Iterable[UUID], question: str, earlier: str = "", limit: int = 6
) -> list[Found]:
    """The best passages of these knowledge bases, best first; none if nothing there speaks of the question.

    ``earlier`` is the question before: it counts where the new one leans on it ("And on a phone?").
    """
    bases = frozenset(knowledge_bases)
    asked = _asked(question, earlier)
    if not bases or not asked:
        return []
    weighed = Question(
        asked,
        frequencies=index.frequencies(bases, sorted({form for one in asked for form in one.forms})),
        passages=Passage.objects.filter(file__knowledge_base__in=bases).count(),
    )
    found = sorted(_found(bases, weighed), key=lambda one: -one.score)[:limit]
    return [one for one in found if one.score >= LEAST_SHARE_OF_BEST * found[0].score]


def _asked(question: str, earlier: str) -> list[Concept]:
    asked = concepts(question)
    if len(asked) > 2 * CONCEPTS_AT_EACH_END:
        asked = asked[:CONCEPTS_AT_EACH_END] + asked[-CONCEPTS_AT_EACH_END:]
    if not (earlier and leans_on_earlier(question)):
        return asked
    known = {form for one in asked for form in one.forms}
    return asked + [
        Concept(one.forms, one.weight * EARLIER_WEIGHT)
        for one in concepts(earlier)[:CONCEPTS_AT_EACH_END]
        if not one.forms & known
    ]


def _found(bases: frozenset[UUID], question: Question) -> Iterator[Found]:
    keys = index.best(bases, question.known_forms, limit=CANDIDATES) if question.known_forms else []
    passages = Passage.objects.filter(pk__in=keys, file__knowledge_base__in=bases)
    for passage in passages.select_related("file__knowledge_base").order_by("file__filename", "position"):
        weighed = Weighed.of(passage)
        if question.coverage(frozenset(weighed.terms)) >= LEAST_COVERAGE:
            yield Found(passage, question.score(weighed))
