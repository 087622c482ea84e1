"""The full-text index over ``Passage.terms``, on SQLite (FTS5) and PostgreSQL (tsvector) alike.

Both see the terms that ``chat.text.words`` made, separated by spaces and without any grammar of their own.
The first term of each passage names its knowledge base, so the index itself keeps one tenant's passages, and
the frequencies of their words, apart from another's.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.db import connection
from django.db.models import Q, QuerySet

from chat.models import Passage
from chat.text.words import terms

#: ``{within}`` is a condition on the passage.
_SQLITE_BEST = (
    "SELECT passage FROM chat_passage_index WHERE terms MATCH %s{within} "
    "ORDER BY bm25(chat_passage_index, 0, 1) LIMIT %s"
)
_SQLITE_COUNT = "SELECT count(*) FROM chat_passage_index WHERE terms MATCH %s{within}"
_POSTGRESQL_BEST = (
    "SELECT id FROM chat_passage, to_tsquery('simple', %s) AS asked "
    "WHERE index @@ asked{within} ORDER BY ts_rank(index, asked) DESC, id LIMIT %s"
)
_POSTGRESQL_COUNT = "SELECT count(*) FROM chat_passage WHERE index @@ to_tsquery('simple', %s){within}"

_WITHIN = " AND {key} IN (SELECT id FROM allowed)"


@dataclass(frozen=True, slots=True)
class Scope:
    """Where is looked: in whole knowledge bases, and in single files, each with the base that it is in."""

    bases: frozenset[UUID] = frozenset()
    files: frozenset[tuple[UUID, UUID]] = frozenset()

    def __bool__(self) -> bool:
        return bool(self.bases or self.files)

    @property
    def marked(self) -> frozenset[UUID]:
        """All the knowledge bases of which there is anything in it."""
        return self.bases | {base for _, base in self.files}

    @property
    def passages(self) -> QuerySet[Passage]:
        whole = Q(file__knowledge_base__in=self.bases)
        return Passage.objects.filter(
            whole | Q(file__in=[id for id, _ in self.files]) if self.files else whole
        )

    def within(self) -> tuple[str, str, tuple[Any, ...]]:
        """What the marks of knowledge bases do not say: a table expression that stands before the query, a
        condition that may stand in it any number of times, and the parameters, which are passed once."""
        if not self.files:
            return "", "", ()
        sql, parameters = self.passages.order_by().values("pk").query.sql_with_params()
        within = _WITHIN.format(key="id" if _on_postgresql() else "passage")
        return f"WITH allowed (id) AS ({sql}) ", within, parameters


def terms_of(knowledge_base: UUID, *texts: str) -> str:
    """What ``Passage.terms`` holds."""
    return " ".join([_mark(knowledge_base), *terms("\n".join(texts))])


def best(scope: Scope, forms: Iterable[str], *, limit: int) -> list[UUID]:
    """The passages that hold any of the forms, the most promising first."""
    sql = _POSTGRESQL_BEST if _on_postgresql() else _SQLITE_BEST
    allowed, within, parameters = scope.within()
    asked = [*parameters, _query(scope.marked, forms), limit]
    with connection.cursor() as cursor:
        cursor.execute(allowed + sql.format(within=within), asked)
        return [key if isinstance(key, UUID) else UUID(key) for (key,) in cursor.fetchall()]


def frequencies(scope: Scope, forms: Collection[str]) -> dict[str, int]:
    """How many passages in the scope hold each form."""
    if not forms:
        return {}
    allowed, within, parameters = scope.within()
    count = (_POSTGRESQL_COUNT if _on_postgresql() else _SQLITE_COUNT).format(within=within)
    with connection.cursor() as cursor:
        cursor.execute(
            allowed + "SELECT " + ", ".join(f"({count})" for _ in forms),
            [*parameters, *(_query(scope.marked, [form]) for form in forms)],
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
