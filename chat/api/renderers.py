"""How answers are written: orjson, whatever the client says that it accepts.

Views return plain values under the names that the outside sees (``chat.shapes``). An integer of more than 64
bits may be given as it is, or quicker as ``orjson.Fragment(str(number))``.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import orjson
from django.utils.functional import Promise
from rest_framework.negotiation import BaseContentNegotiation
from rest_framework.parsers import BaseParser
from rest_framework.renderers import BaseRenderer
from rest_framework.request import Request


def encode(value: Any) -> bytes:
    """The value as JSON in UTF-8. What orjson does not write (long integers, a lone half of a surrogate pair
    that some model sent) Python's own writer does."""
    try:
        return orjson.dumps(value, _plain)
    except orjson.JSONEncodeError:
        return json.dumps(value, default=_plain, separators=(",", ":")).encode()


def _plain(value: Any) -> Any:
    if isinstance(value, Promise):
        return str(value)
    if isinstance(value, orjson.Fragment):
        return orjson.loads(orjson.dumps(value))
    if isinstance(value, Mapping):
        return dict(value)
    if isinstance(value, Sequence):
        return list(value)
    if isinstance(value, str):
        return str(value)
    raise TypeError(f"{type(value).__name__} is not written as JSON")


class JsonRenderer(BaseRenderer):
    media_type = "application/json"
    format = "json"
    charset = None

    def render(
        self,
        data: Any,
        accepted_media_type: str | None = None,
        renderer_context: Mapping[str, Any] | None = None,
    ) -> bytes:
        return b"" if data is None else encode(data)


class AlwaysJson(BaseContentNegotiation):
    """Never 406: the clients of this API send ``Accept: */*``, ``text/event-stream`` or nothing, and all read
    JSON."""

    def select_parser(self, request: Request, parsers: Iterable[BaseParser]) -> BaseParser | None:
        given = (request.content_type or "application/json").partition(";")[0].strip().lower()
        return next((parser for parser in parsers if parser.media_type == given), None)

    def select_renderer(
        self, request: Request, renderers: Iterable[BaseRenderer], format_suffix: str | None = None
    ) -> tuple[BaseRenderer, str]:
        first = next(iter(renderers))
        return first, first.media_type
