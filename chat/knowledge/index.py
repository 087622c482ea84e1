"""The full-text index over ``Passage.terms``, on SQLite (FTS5) and PostgreSQL (tsvector) alike.

Both see the terms that ``chat.text.words`` made, separated by spaces and without any grammar of their own.
The first term of each passage names its knowledge base, so the index itself keeps one tenant's passages, and
the frequencies of their words, apart from another's.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from uuid import UUID

from django.db import connection

from chat.text.words import terms

_SQLITE_BEST = (
    "SELECT passage FROM chat_passage_index WHERE terms MATCH %s "
    "ORDER BY bm25(chat_passage_index, 0, 1) LIMIT %s"
)
_SQLITE_COUNT = "SELECT count(*) FROM chat_passage_index WHERE terms MATCH %s"
_POSTGRESQL_BEST = (
    "SELECT id FROM chat_passage, to_tsquery('simple', %s) AS asked "
    "WHERE index @@ asked ORDER BY ts_rank(index, asked) DESC, id LIMIT %s"
)
_POSTGRESQL_COUNT = "SELECT count(*) FROM chat_passage WHERE index @@ to_tsquery('simple', %s)"


def terms_of(knowledge_base: UUID, *texts: str) -> str:
    """What ``Passage.terms`` holds."""
    return " ".join([_mark(knowledge_base), *terms("\n".join(texts))])


def best(knowledge_bases: Collection[UUID], forms: Iterable[str], *, limit: int) -> list[UUID]:
    """The passages that hold any of the forms, the most promising first."""
    sql = _POSTGRESQL_BEST if _on_postgresql() else _SQLITE_BEST
    with connection.cursor() as cursor:
        cursor.execute(sql, [_query(knowledge_bases, forms), limit])
        return [key if isinstance(key, UUID) else UUID(key) for (key,) in cursor.fetchall()]


def frequencies(knowledge_bases: Collection[UUID], forms: Collection[str]) -> dict[str, int]:
    """How many passages of these knowledge bases hold each form."""
    if not forms:
        return {}
    count = _POSTGRESQL_COUNT if _on_postgresql() else _SQLITE_COUNT
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT " + ", ".join(f"({count})" for _ in forms),
            [_query(knowledge_bases, [form]) for form in forms],
        )
        return dict(zip(forms, cursor.fetchone(), strict=True))


def _mark(knowledge_base: UUID) -> str:
    return f"kb{knowledge_base.hex}"


def _query(knowledge_bases: Iterable[UUID], forms: Iterable[str]) -> str:
    """Terms are letters and digits only, so that quoting them is all the escaping there is to do."""
    either = " | " if _on_postgresql() else " OR "
    both = " & " if _on_postgresql() else " AND "
    quote = "'{}'" if _on_postgresql() else '"{}"'
    scope = either.join(quote.format(_mark(base)) for base in sorted(knowledge_bases))
    return f"({scope}){both}({either.join(quote.format(form) for form in sorted(forms))})"


def _on_postgresql() -> bool:
    return connection.vendor == "postgresql"
