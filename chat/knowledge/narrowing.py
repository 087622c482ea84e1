"""``queryMetadata``: which documents may be used for an answer, as message, conversation and contact say.

A program may say anything about its own messages. What a page asks for its visitor may only narrow what the
visitor's contact may see.
"""

from __future__ import annotations

from collections.abc import Collection
from itertools import islice
from typing import Any
from uuid import UUID

from chat.knowledge.index import Scope
from chat.models import KnowledgeFile

Json = dict[str, Any]

KNOWLEDGE, LABELS, EVERYTHING = "knowledge_bases", "label_relations", "has_user_selected_all"
LISTS = ("chatbot_file_ids", "faq_ids")
#: How many single files may be named; those after them are not searched. Each is a parameter of the search.
MOST_FILES = 1_000


def narrowed(allowed: Json | None, asked: Json | None) -> Json | None:
    """What the page ``asked`` for, as far as the contact's metadata allow it. A contact without metadata is
    not restricted; one with metadata but without knowledge bases sees none. What else they say stands. What
    was narrowed may be narrowed again, by what is allowed later."""
    if asked is None or not allowed:
        return asked
    found = {**asked, **{name: value for name, value in allowed.items() if name not in (KNOWLEDGE, LABELS)}}
    found[KNOWLEDGE] = _bases(_rows(allowed.get(KNOWLEDGE)), asked.get(KNOWLEDGE))
    both = [one for one in (allowed.get(LABELS), asked.get(LABELS)) if one]
    found.pop(LABELS, None)
    if both:
        found[LABELS] = both[0] if both[0] == both[-1] else {"operator": "AND", "conditions": both}
    return found


def in_force(*, message: Json | None, conversation: Json | None, contact: Json | None) -> Json | None:
    """Key by key what the nearest says: the message, the conversation, the contact. A contact with metadata
    but without knowledge bases sees none, unless a nearer one names some."""
    levels = (contact or {}, conversation or {}, message or {})
    found = {name: value for said in levels for name, value in said.items() if value is not None}
    if contact:
        found.setdefault(KNOWLEDGE, [])
    return found or None


def scope_of(metadata: Json | None, knowledge_bases: Collection[UUID]) -> Scope:
    """What of these knowledge bases may be searched. No document has labels, so that a condition on labels
    is met by none; there are no FAQs either."""
    bases, said = frozenset(knowledge_bases), metadata or {}
    if _demands(said.get(LABELS)):
        return Scope()
    if KNOWLEDGE not in said:
        return Scope(bases)
    rows = [(base, row) for row in _rows(said[KNOWLEDGE]) if (base := _id(row.get("knowledge_base_id")))]
    whole = bases & {base for base, row in rows if _whole(row)}
    beside = bases - whole
    single = ((base, one) for base, row in rows if base in beside for one in _list(row, LISTS[0]))
    named = dict.fromkeys((id, base) for base, one in single if (id := _id(one)))
    first = frozenset(islice(named, MOST_FILES))
    files = KnowledgeFile.objects.filter(knowledge_base__in=beside, pk__in={id for id, _ in first})
    return Scope(whole, first & set(files.values_list("pk", "knowledge_base")))


def _demands(labels: Any) -> bool:
    """Whether a tree of conditions has any."""
    if not isinstance(labels, dict):
        return False
    conditions = labels.get("conditions")
    return "label_id" in labels or any(map(_demands, conditions if isinstance(conditions, list) else []))


def _id(value: Any) -> UUID | None:
    try:
        return UUID(str(value))
    except ValueError:
        return None


def _rows(value: Any) -> list[Json]:
    return [row for row in value if isinstance(row, dict)] if isinstance(value, list) else []


def _bases(allowed: list[Json], asked: Any) -> list[Json]:
    if asked is None:
        return allowed
    mine = {str(row.get("knowledge_base_id")): row for row in allowed}
    rows = ((mine.get(str(row.get("knowledge_base_id"))), row) for row in _rows(asked))
    return [_base(row, wanted) for row, wanted in rows if row is not None]


def _base(allowed: Json, asked: Json) -> Json:
    if _whole(allowed):
        return asked
    if _whole(asked):
        return allowed
    lists = {name: [one for one in _list(asked, name) if one in _list(allowed, name)] for name in LISTS}
    return {**allowed, **lists}


def _whole(row: Json) -> bool:
    """As a string or as a boolean."""
    return str(row.get(EVERYTHING)).lower() == "true"


def _list(row: Json, name: str) -> list[Any]:
    value = row.get(name)
    return value if isinstance(value, list) else []
