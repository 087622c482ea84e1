"""Pages of lists, in the three styles of the product's format.

    numbered(request, rows, shape)    ?page=2&pageSize=50      {count, next, previous, results}
                                      ?limit=50&offset=100     the same
    numbered_upto(10_000, request, rows, shape, keys, count, skip)
                                      the same              beyond 10,000 ``next`` has a cursor
    keyset(request, rows, shape, ("created_at", "pk"))
                                      ?cursor=…&pageSize=50    {next, previous, results}
                                      ... with count=rows      {count, next, previous, results}

For the schema the view says ``pagination_class = Numbered`` (``Keyset``, ``CountedKeyset``).

``rows`` is an ordered queryset and ``shape`` makes one row's JSON. A page costs the queries of ``rows`` and
its prefetches, and one for the count where there is one. ``next`` and ``previous`` are absolute, with all
filters. Past the end there is 404. A page size that is not between 1 and ``largest`` is 400: a list that is
cut short without a word looks complete.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, ClassVar, TypeVar

from django.db.models import Model, QuerySet
from django.utils.translation import gettext_lazy as _
from rest_framework.exceptions import NotFound, ValidationError
from rest_framework.pagination import BasePagination
from rest_framework.request import Request

from chat.api.query import refused, whole_number
from chat.cursors import InvalidCursor, Skipped, after, cursor_of, page_before_or_after

M = TypeVar("M", bound=Model)
Shape = dict[str, Any]
SIZE, LARGEST = 20, 100
#: What a page may be far into a list; beyond it no database counts.
FAR = 2**31


def page_size(request: Request, *, size: int = SIZE, largest: int = LARGEST) -> int:
    return whole_number(request, "page_size", default=size, least=1, most=largest)


def numbered(
    request: Request,
    rows: QuerySet[M],
    shape: Callable[[M], Shape],
    *,
    size: int = SIZE,
    largest: int = LARGEST,
) -> Shape:
    if "limit" in request.query_params or "offset" in request.query_params:
        return _by_offset(request, rows, shape, size=size, largest=largest)
    size = page_size(request, size=size, largest=largest)
    page, count = _page_number(request), rows.count()
    last = max(1, -(-count // size))
    if page > last:
        raise NotFound(_("Invalid page."))
    return {
        "count": count,
        "next": link(request, page=page + 1) if page < last else None,
        "previous": link(request, page=page - 1 if page > 2 else None) if page > 1 else None,
        "results": [shape(row) for row in rows[(page - 1) * size : page * size]],
    }


def _page_number(request: Request) -> int:
    try:
        return whole_number(request, "page", default=1, least=1, most=FAR)
    except ValidationError:
        raise NotFound(_("Invalid page.")) from None


def numbered_upto(
    most: int,
    request: Request,
    rows: QuerySet[M],
    shape: Callable[[M], Shape],
    keys: tuple[str, ...],
    count: int,
    skip: Callable[[int], Skipped | None],
) -> Shape:
    """A page of a list that is too long to be counted, or to be read from its beginning for each page.
    ``count`` was counted up to ``most``; ``keys`` are as for ``keyset``. ``skip`` goes past so many rows more
    cheaply than ``rows`` does. What begins beyond ``most`` is 400."""
    by_offset = "limit" in request.query_params or "offset" in request.query_params
    if by_offset:
        size, offset = _limit_and_offset(request, size=SIZE, largest=LARGEST)
    else:
        size = page_size(request)
        offset = (_page_number(request) - 1) * size
    if offset and offset >= count:
        if count < most:
            raise NotFound(_("Invalid page."))
        sentence = _("Numbered pages end here. Follow `next` of the last one, which has a cursor.")
        raise refused("offset" if by_offset else "page", str(sentence))
    hidden = 0
    if offset:
        skipped = skip(offset)
        if skipped is None:  # deleted since it was counted
            raise NotFound(_("Invalid page."))
        rows, hidden = after(rows, keys, skipped.last), skipped.hidden
    found = list(rows[hidden : hidden + size + 1])
    following = None
    if len(found) > size:
        found.pop()
        if offset + size < most:
            following = link(request, **_place(by_offset, offset + size, size))
        else:
            numbers = {"page": None, "limit": None, "offset": None}
            sized = {"pageSize": size} if by_offset else {}
            following = link(request, **numbers, **sized, cursor=cursor_of(found[-1], keys))
    earlier = link(request, **_place(by_offset, max(0, offset - size), size)) if offset else None
    return {"count": count, "next": following, "previous": earlier, "results": [shape(row) for row in found]}


def _place(by_offset: bool, offset: int, size: int) -> dict[str, Any]:
    """The parameters of the page that begins there; the first one needs none."""
    if by_offset:
        return {"limit": size, "offset": offset or None}
    return {"page": offset // size + 1 if offset else None}


def _limit_and_offset(request: Request, *, size: int, largest: int) -> tuple[int, int]:
    limit = whole_number(request, "limit", default=size, least=1, most=largest)
    return limit, whole_number(request, "offset", default=0, least=0, most=FAR)


def _by_offset(
    request: Request, rows: QuerySet[M], shape: Callable[[M], Shape], *, size: int, largest: int
) -> Shape:
    limit, offset = _limit_and_offset(request, size=size, largest=largest)
    count = rows.count()
    if offset and offset >= count:
        raise NotFound(_("Invalid page."))
    before = max(0, offset - limit)
    return {
        "count": count,
        "next": link(request, limit=limit, offset=offset + limit) if offset + limit < count else None,
        "previous": link(request, limit=limit, offset=before or None) if offset else None,
        "results": [shape(row) for row in rows[offset : offset + limit]],
    }


def keyset(
    request: Request,
    rows: QuerySet[M],
    shape: Callable[[M], Shape],
    keys: tuple[str, ...],
    *,
    count: QuerySet[Any] | None = None,
    size: int = SIZE,
    largest: int = LARGEST,
) -> Shape:
    """Page 100 costs what page 1 costs. ``rows`` must be ordered by ``keys``, all descending, and the keys
    together unique; ``count`` is what to count, for the lists whose format has it."""
    size = page_size(request, size=size, largest=largest)
    try:
        page = page_before_or_after(rows, keys, request.query_params.get("cursor"), size)
    except InvalidCursor:
        raise NotFound(_("Invalid cursor")) from None
    return {
        **({} if count is None else {"count": count.count()}),
        "next": link(request, cursor=page.next) if page.next else None,
        "previous": link(request, cursor=page.previous) if page.previous else None,
        "results": [shape(row) for row in page.rows],
    }


def link(request: Request, **changes: Any) -> str:
    """This list's absolute address with other parameters; None leaves one out."""
    query = request.query_params.copy()
    for name, value in changes.items():
        if value is None:
            query.pop(name, None)
        else:
            query[name] = str(value)
    path = f"{request.path}?{query.urlencode()}" if query else request.path
    return request.build_absolute_uri(path)


# What the schema says of them


class _Paging(BasePagination):
    """Only described here: the functions above make the pages."""

    place: ClassVar[tuple[str, str, str]]
    counted: ClassVar[bool]

    def get_paginated_response_schema(self, schema: dict[str, Any]) -> dict[str, Any]:
        address = {"type": "string", "format": "uri", "nullable": True}
        count = {"count": {"type": "integer", "example": 1}} if self.counted else {}
        links = {name: {**address, "example": None} for name in ("next", "previous")}
        properties = {**count, **links, "results": schema}
        return {"type": "object", "required": [*properties], "properties": properties}

    def get_schema_operation_parameters(self, view: Any) -> list[dict[str, Any]]:
        name, kind, description = self.place
        size = {"type": "integer", "minimum": 1, "maximum": LARGEST, "default": SIZE}
        return [
            _parameter(name, {"type": kind}, description),
            _parameter("pageSize", size, "How many results a page has."),
        ]


def _parameter(name: str, schema: dict[str, Any], description: str) -> dict[str, Any]:
    return {"name": name, "in": "query", "required": False, "schema": schema, "description": description}


class Numbered(_Paging):
    place = ("page", "integer", "The number of the page, from 1.")
    counted = True


class Keyset(_Paging):
    place = ("cursor", "string", "Which page: from `next` or `previous` of another one.")
    counted = False


class CountedKeyset(Keyset):
    counted = True
