"""Citations: what was found as the API, the socket and the page show it."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Sequence
from datetime import datetime
from typing import Any

from django.db.models import F

from chat.knowledge.search import Found
from chat.models import KnowledgeFile, Passage

Shape = dict[str, Any]

_CODE = re.compile(r"^ *(```+|~~~+).*?(?:^ *\1|\Z)|`[^`\n]*`", re.DOTALL | re.MULTILINE)
#: ``[2]``, but no link: neither ``[2](…)`` nor ``[2]: …``.
_NUMBER = re.compile(r"\[(\d{1,3})\](?![(:])")


def cited_numbers(text: str) -> list[int]:
    """The numbers that a text cites outside its code, each once, in their order of appearance."""
    return list(dict.fromkeys(int(number) for number in _NUMBER.findall(_CODE.sub("", text))))


def citation_nodes(found: Sequence[Found], *, only: Collection[int] | None = None) -> list[Shape]:
    """The passages, numbered from 1 in the order found; ``only`` these numbers, if given."""
    return [_node(number, one) for number, one in _numbered(found, only)]


def citations(found: Sequence[Found], *, only: Collection[int] | None = None) -> list[Shape]:
    """The files of those passages, each once."""
    files = {one.passage.file_id: one.passage.file for _, one in _numbered(found, only)}
    return [_file(file) for file in files.values()]


def count_hits(found: Sequence[Found], *, only: Collection[int]) -> None:
    """Add one to the hits of the passages that an answer cites.

    One statement for each: two that locked the same rows in different orders would wait for each other.
    """
    for _, one in _numbered(found, only):
        Passage.objects.filter(pk=one.passage.pk).update(hits_count=F("hits_count") + 1)


def _numbered(found: Sequence[Found], only: Collection[int] | None) -> Iterable[tuple[int, Found]]:
    return [(at, one) for at, one in enumerate(found, start=1) if only is None or at in only]


def _node(number: int, found: Found) -> Shape:
    passage = found.passage
    return {
        "number": number,
        "score": found.score,
        "displayScore": round(found.score * 100),
        "chatbotTextNode": {
            "id": str(passage.pk),
            "charactersCount": passage.characters_count,
            "hitsCount": passage.hits_count,
            "text": passage.text,
            "updatedAt": _milliseconds(passage.updated_at),
            "filename": passage.file.filename,
            "title": passage.file.title,
            "heading": passage.heading,
            "chatbotFile": str(passage.file_id),
            "pageNumber": passage.page_number,
        },
    }


def _file(file: KnowledgeFile) -> Shape:
    return {
        "id": str(file.pk),
        "filename": file.filename,
        "title": str(file),
        # The storage's own address would open the whole document to whoever is shown an answer.
        "file": None,
        "fileType": file.file_type,
        "size": file.size,
        "status": file.status,
        "knowledgeBase": {"id": str(file.knowledge_base_id), "name": file.knowledge_base.name},
        "labels": [],
        "rawUserDefineMetadata": None,
        "chatbotFileContent": None,
        "document": None,
        "createdAt": _milliseconds(file.created_at),
    }


def _milliseconds(moment: datetime) -> str:
    return str(int(moment.timestamp() * 1000))
