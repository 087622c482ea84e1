"""Keyset pages: the cursor names the last row that was seen, so page 100 costs what page 1 costs."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable
from datetime import datetime
from typing import Any, TypeVar
from uuid import UUID

import orjson
from django.db.models import Model, Q, QuerySet
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
        rows = rows.filter(_before(keys, _decode(cursor, len(keys))))
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


_READERS: dict[str, Callable[[Any], Any]] = {"t": datetime.fromisoformat, "u": UUID, "i": int}


def _decode(cursor: str, length: int) -> list[Any]:
    try:
        raw = orjson.loads(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
        values = [_READERS[kind](value) for kind, value in raw]
    except (binascii.Error, ValueError, KeyError, TypeError):
        values = []
    if len(values) != length:
        raise BadRequest(_("This page's address is not valid any more. Load the list again."))
    return values
