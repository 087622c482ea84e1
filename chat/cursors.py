"""Keyset pages: the cursor names the last row that was seen, so page 100 costs what page 1 costs."""

from __future__ import annotations

import base64
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Generic, TypeVar
from uuid import UUID

import orjson
from django.db.models import DateTimeField, Model, Q, QuerySet, UUIDField
from django.utils.translation import gettext_lazy as _

from chat.exceptions import BadRequest

M = TypeVar("M", bound=Model)
#: Begins the cursor of a page that lies before the row that it names; no base64 has it.
_BACK = "."


class InvalidCursor(BadRequest):
    default = _("This page's address is not valid any more. Load the list again.")


@dataclass(frozen=True, slots=True)
class Page(Generic[M]):
    """Rows, and the cursors of the pages after and before them; None: there is none."""

    rows: list[M]
    next: str | None
    previous: str | None


@dataclass(frozen=True, slots=True)
class Skipped:
    """Rows that a page lies behind: the keys of the ``last``, and how many of them the list does not show, so
    that as many more have to be skipped after it."""

    last: tuple[Any, ...]
    hidden: int


def page_after(
    rows: QuerySet[M], keys: tuple[str, ...], cursor: str | None, size: int
) -> tuple[list[M], str | None]:
    """Up to ``size`` rows after the cursor and the cursor of the next page, or None at the end.

    ``rows`` must be ordered by ``keys``, all descending, and the keys together must be unique.
    """
    if cursor:
        rows = after(rows, keys, _decode(cursor, [_kind_of(rows, key) for key in keys]))
    found = list(rows[: size + 1])
    if len(found) <= size:
        return found, None
    return found[:size], cursor_of(found[size - 1], keys)


def after(rows: QuerySet[M], keys: tuple[str, ...], values: Sequence[Any]) -> QuerySet[M]:
    """The rows after the one whose keys have these values."""
    return rows.filter(_beyond(keys, values, "lt"))


def page_before_or_after(rows: QuerySet[M], keys: tuple[str, ...], cursor: str | None, size: int) -> Page[M]:
    """As ``page_after``, and the way back: the cursor may be either of a page's two."""
    if cursor and cursor.startswith(_BACK):
        return _page_before(rows, keys, cursor.removeprefix(_BACK), size)
    found, following = page_after(rows, keys, cursor, size)
    return Page(found, following, _BACK + cursor_of(found[0], keys) if cursor and found else None)


def _page_before(rows: QuerySet[M], keys: tuple[str, ...], cursor: str, size: int) -> Page[M]:
    values = _decode(cursor, [_kind_of(rows, key) for key in keys])
    found = list(rows.filter(_beyond(keys, values, "gt")).reverse()[: size + 1])
    more = len(found) > size
    found = found[:size][::-1]
    if not found:
        return Page([], None, None)
    return Page(found, cursor_of(found[-1], keys), _BACK + cursor_of(found[0], keys) if more else None)


def cursor_of(row: Model, keys: tuple[str, ...]) -> str:
    return _encode([getattr(row, key) for key in keys])


def _beyond(keys: tuple[str, ...], values: Sequence[Any], comparison: str) -> Q:
    """The rows whose keys are less than (or greater than) the values. The first key bounds the whole, because
    databases find no index for an OR."""
    first, rest = keys[0], keys[1:]
    condition = Q(**{f"{first}__{comparison}": values[0]})
    if not rest:
        return condition
    condition |= Q(**{first: values[0]}) & _beyond(rest, values[1:], comparison)
    return Q(**{f"{first}__{comparison}e": values[0]}) & condition


def _encode(values: list[Any]) -> str:
    kinds = [
        [_kind(value), str(value) if not isinstance(value, datetime) else value.isoformat()]
        for value in values
    ]
    return base64.urlsafe_b64encode(orjson.dumps(kinds)).decode().rstrip("=")


def _kind(value: Any) -> str:
    return {datetime: "t", UUID: "u"}.get(type(value), "i")


def _kind_of(rows: QuerySet[Any], key: str) -> str:
    """Of a column or an annotation; of a foreign key that of what it refers to."""
    annotated = rows.query.annotations.get(key)
    meta = rows.model._meta
    field = annotated.output_field if annotated else meta.pk if key == "pk" else meta.get_field(key)
    field = getattr(field, "target_field", field)
    return {DateTimeField: "t", UUIDField: "u"}.get(type(field), "i")


def _moment(text: str) -> datetime:
    return datetime.fromisoformat(text).astimezone(UTC)


_READERS: dict[str, Callable[[Any], Any]] = {"t": _moment, "u": UUID, "i": int}


def _decode(cursor: str, kinds: list[str]) -> list[Any]:
    """The values, if they are of these kinds: a cursor comes from outside and may say anything."""
    try:
        raw = orjson.loads(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
        if [kind for kind, _value in raw] != kinds:
            raise ValueError
        return [_READERS[kind](value) for kind, value in raw]
    except (ValueError, TypeError, AttributeError, OverflowError):
        raise InvalidCursor from None
