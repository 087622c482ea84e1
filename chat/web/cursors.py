"""Keyset pages: the cursor names the last row that was seen, so page 100 costs what page 1 costs."""

from __future__ import annotations

import base64
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any, TypeVar
from uuid import UUID

import orjson
from django.db.models import DateTimeField, Model, Q, QuerySet, UUIDField
from django.utils.translation import gettext_lazy as _

from chat.exceptions import BadRequest

M = TypeVar("M", bound=Model)


def page_after(
    rows: QuerySet[M], keys: tuple[str, ...], cursor: str | None, size: int
) -> tuple[list[M], str | None]:
    """Up to ``size`` rows after the cursor and the cursor of the next page, or None at the end.

    ``rows`` must be ordered by ``keys``, all descending, and the keys together must be unique.
    """
    if cursor:
        rows = rows.filter(_before(keys, _decode(cursor, [_kind_of(rows.model, key) for key in keys])))
    found = list(rows[: size + 1])
    if len(found) <= size:
        return found, None
    last = found[size - 1]
    return found[:size], _encode([getattr(last, key) for key in keys])


def _before(keys: tuple[str, ...], values: list[Any]) -> Q:
    first, rest = keys[0], keys[1:]
    condition = Q(**{f"{first}__lt": values[0]})
    if rest:
        condition |= Q(**{first: values[0]}) & _before(rest, values[1:])
    return condition


def _encode(values: list[Any]) -> str:
    kinds = [
        [_kind(value), str(value) if not isinstance(value, datetime) else value.isoformat()]
        for value in values
    ]
    return base64.urlsafe_b64encode(orjson.dumps(kinds)).decode().rstrip("=")


def _kind(value: Any) -> str:
    return {datetime: "t", UUID: "u"}.get(type(value), "i")


def _kind_of(model: type[Model], key: str) -> str:
    field = model._meta.pk if key == "pk" else model._meta.get_field(key)
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
        message = _("This page's address is not valid any more. Load the list again.")
        raise BadRequest(message) from None
