"""From text to the words that a search compares.

Latin words are lower-cased and stemmed; ``webChatId`` and ``COMPLETIONS_URL`` count as a whole and by their
parts. Chinese, Japanese and Korean writing has no spaces: a run of it becomes its overlapping pairs of
characters, and single characters too.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise
from threading import Lock

from chat.text import snowball
from chat.text.stopwords import CHINESE, ENGLISH
from chat.text.synonyms import SYNONYMS

_CJK = "\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7af\uf900-\ufaff"
_TOKEN = re.compile(rf"[{_CJK}]+|[^\W_{_CJK}]+(?:[-_.'’][^\W_{_CJK}]+)*")
_CJK_RUN = re.compile(rf"[{_CJK}]+")
_LATIN_WORD = re.compile(rf"[^\W_{_CJK}]+")
#: Each character of a writing without spaces, and every other word.
_COUNTED = re.compile(rf"[{_CJK}]|[^\W_{_CJK}]+(?:[-_.'’][^\W_{_CJK}]+)*")
_PARTS = re.compile(r"[-_.]")
_CAMEL = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")
_APOSTROPHE = re.compile(r"['’](?:s\b)?")
_CUT = re.compile("|".join(map(re.escape, CHINESE)))
#: "log in" and "login", "set up" and "setup" are one word.
_PARTICLES = frozenset({"in", "out", "up", "on", "off", "down"})

#: What is longer is no word: stemming one takes minutes, and PostgreSQL refuses to look for it.
_LONGEST_WORD = 48
_stemmer = snowball.english()
_stemmer_lock = Lock()  # it keeps the word at hand in itself, and searches run in several threads


@dataclass(frozen=True, slots=True)
class Concept:
    """One thing a question is about: found where any of its forms stands.

    ``weight`` is 1 for a word and a half for a character of a Chinese run, as most Chinese words have two.
    ``name`` is the word as it was written, if it is a name ("WordPress", "1998"), else empty.
    """

    forms: frozenset[str]
    weight: float = 1.0
    name: str = ""


def cjk_count(text: str) -> int:
    """How many Chinese, Japanese and Korean characters it has."""
    return sum(map(len, _CJK_RUN.findall(text)))


def is_cjk(text: str) -> bool:
    """Whether a reader of Chinese wrote this: a Latin name or two within it do not change that."""
    characters = cjk_count(text)
    return characters > 0 and characters * 2 >= len(_LATIN_WORD.findall(text))


def terms(text: str) -> list[str]:
    """Every term under which the text is to be found, in its order."""
    return list(_terms(text))


def concepts(question: str) -> list[Concept]:
    """What a question asks about, without its grammar. Empty for "What is this?"."""
    found: dict[frozenset[str], Concept] = {}
    for concept in _concepts(question):
        found.setdefault(concept.forms, concept)
    return list(found.values())


def _terms(text: str) -> Iterator[str]:
    before = ""
    for token in _tokens(text):
        if _CJK_RUN.match(token):
            yield from token
            yield from map("".join, pairwise(token))
            before = ""
            continue
        words = _words(token)
        if len(words) > 1:
            yield _stem("".join(words))
        for word in words:
            if before and word in _PARTICLES:
                yield _stem(before + word)
            if counts(word):
                yield _stem(word)
            before = word


def _concepts(question: str) -> Iterator[Concept]:
    tokens = _tokens(question)
    latin = [[] if _CJK_RUN.match(token) else _words(token) for token in tokens]
    for at, token in enumerate(tokens):
        if not latin[at]:
            yield from _cjk_concepts(token)
        elif _is_identifier(token):
            yield Concept(frozenset({_stem("".join(latin[at]))}), name=token)
        else:
            before = latin[at - 1][-1:] if at else []
            after = latin[at + 1][:1] if at + 1 < len(tokens) else []
            is_name = at > 0 and (token[0].isupper() or any(map(str.isdigit, token)))
            yield from _latin_concepts(before, latin[at], after, token if is_name else "")


def _latin_concepts(before: list[str], words: list[str], after: list[str], name: str) -> Iterator[Concept]:
    compounds = ["".join(words), *_joined(before + words + after)]
    for word in filter(counts, words):
        forms = [word, *(one for one in compounds if word in one), *SYNONYMS.get(word, ())]
        yield Concept(frozenset(map(_stem, forms)), name=name)


def _is_identifier(token: str) -> bool:
    """``webChatId`` and ``COMPLETIONS_URL`` mean one thing, not their parts."""
    return "_" in token or bool(_CAMEL.search(token))


def _joined(words: list[str]) -> Iterator[str]:
    """What people write as one word or as two: "web chat", "log in"."""
    for one, other in pairwise(words):
        if counts(one) and (counts(other) or other in _PARTICLES):
            yield one + other


def _cjk_concepts(run: str) -> Iterator[Concept]:
    """One for each character, found in either of the pairs that it belongs to."""
    for part in filter(None, _CUT.split(run)):
        if len(part) == 1:
            yield Concept(frozenset({part}), 0.5)
            continue
        pairs = list(map("".join, pairwise(part)))
        for at in range(len(part)):
            yield Concept(frozenset(pairs[max(0, at - 1) : at + 1]), 0.5)


def count_words(text: str) -> int:
    """As people count them: words, and the characters of writings without spaces."""
    return sum(1 for _word in _COUNTED.finditer(text))


def counts(word: str) -> bool:
    return word not in ENGLISH and (len(word) > 1 or word.isdigit())


def _tokens(text: str) -> list[str]:
    return _TOKEN.findall(unicodedata.normalize("NFKC", text))


def _words(token: str) -> list[str]:
    plain = _APOSTROPHE.sub("", token)
    return [word.casefold() for part in _PARTS.split(plain) for word in _CAMEL.split(part) if word]


@lru_cache(maxsize=50_000)
def _stem(word: str) -> str:
    """Stemmed until nothing changes: Snowball takes "embedding" to "embed", but "embed" to "emb"."""
    word = word[:_LONGEST_WORD]
    with _stemmer_lock:
        while (shorter := _stemmer.stemWord(word)) != word:
            word = shorter
    return word
