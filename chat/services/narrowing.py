"""What a page asks of the knowledge may only narrow what its visitor's contact may see."""

from __future__ import annotations

from typing import Any

from chat.services.contents import Json

KNOWLEDGE, LABELS, EVERYTHING = "knowledge_bases", "label_relations", "has_user_selected_all"
LISTS = ("chatbot_file_ids", "faq_ids")


def narrowed(allowed: Json | None, asked: Json | None) -> Json | None:
    """What the page ``asked`` for, as far as the contact's metadata allow it. A contact without metadata is
    not restricted; one with metadata but without knowledge bases sees none. What else they say stands."""
    if asked is None or not allowed:
        return asked
    found = {**asked, **{name: value for name, value in allowed.items() if name not in (KNOWLEDGE, LABELS)}}
    found[KNOWLEDGE] = _bases(_rows(allowed.get(KNOWLEDGE)), asked.get(KNOWLEDGE))
    both = [one for one in (allowed.get(LABELS), asked.get(LABELS)) if one]
    found.pop(LABELS, None)
    if both:
        found[LABELS] = both[0] if len(both) == 1 else {"operator": "AND", "conditions": both}
    return found


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
