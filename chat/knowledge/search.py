"""Search: the passages that answer a question, or none.

    question -> concepts -> the index's best fifty -> how much of the question each covers -> those to cite

The index ranks by frequency, which always finds something. What is returned is decided by coverage: the share
of the question's concepts, each weighed by how rare it is in these knowledge bases, that a passage speaks of.
A question about something unknown covers little, and finds nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from uuid import UUID

from chat.knowledge import index
from chat.knowledge.index import Scope
from chat.knowledge.ranking import Question, Weighed
from chat.models import Passage
from chat.text.markdown import sentences
from chat.text.questions import gist, leans_on_earlier
from chat.text.words import Concept, concepts

CANDIDATES = 50
#: What is searched for of a long message, which asks at its beginning or at its end.
CONCEPTS_AT_EACH_END = 24
MOST_SENTENCES = 3
#: How a passage has to compare with the best one to be found beside it.
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
    """The best passages of these knowledge bases."""
    return search_in(Scope(frozenset(knowledge_bases)), question=question, earlier=earlier, limit=limit)


def search_in(scope: Scope, *, question: str, earlier: str = "", limit: int = 6) -> list[Found]:
    """The best passages in the scope, best first; none if nothing there speaks of the question.

    ``earlier`` is the question before: it counts where the new one leans on it ("And on a phone?"). A message
    of several sentences of which nothing speaks as a whole is searched for by each of its sentences.
    """
    if not scope:
        return []
    question, earlier = gist(question), gist(earlier)
    found = _search(scope, question, earlier) or {
        key: one
        for sentence in _telling_sentences(question)
        for key, one in _search(scope, sentence, "").items()
    }
    best = sorted(found.values(), key=lambda one: -one.score)[:limit]
    return [one for one in best if one.score >= LEAST_SHARE_OF_BEST * best[0].score]


def _telling_sentences(question: str) -> list[str]:
    """The last few sentences that say enough to be searched for alone."""
    parts = sentences(question)
    telling = [part for part in parts if sum(one.weight for one in concepts(part)) >= 2]
    return telling[-MOST_SENTENCES:] if len(parts) > 1 else []


def _search(scope: Scope, question: str, earlier: str) -> dict[UUID, Found]:
    leaning = bool(earlier) and leans_on_earlier(question)
    asked = _both_ends(concepts(question))
    asked = _with_earlier(asked, earlier) if leaning else asked
    if not asked:
        return {}
    frequencies = index.frequencies(scope, sorted({form for one in asked for form in one.forms}))
    if leaning:
        # What it is about was said before; its own small words ("valid", "cheaper") need not be known.
        asked = [one for one in asked if one.name or any(frequencies[form] for form in one.forms)]
    weighed = Question(asked, frequencies=frequencies, passages=scope.passages.count())
    return {one.passage.pk: one for one in _found(scope, weighed)}


def _both_ends(asked: list[Concept]) -> list[Concept]:
    longest = 2 * CONCEPTS_AT_EACH_END
    return asked if len(asked) <= longest else asked[:CONCEPTS_AT_EACH_END] + asked[-CONCEPTS_AT_EACH_END:]


def _with_earlier(asked: list[Concept], earlier: str) -> list[Concept]:
    known = {form for one in asked for form in one.forms}
    return asked + [
        replace(one, weight=one.weight * EARLIER_WEIGHT)
        for one in _both_ends(concepts(earlier))
        if not one.forms & known
    ]


def _found(scope: Scope, question: Question) -> Iterator[Found]:
    keys = index.best(scope, question.known_forms, limit=CANDIDATES) if question.known_forms else []
    passages = scope.passages.filter(pk__in=keys)
    for passage in passages.select_related("file__knowledge_base").order_by("file__filename", "position"):
        weighed = Weighed.of(passage)
        if question.is_met(weighed):
            yield Found(passage, question.score(weighed))
