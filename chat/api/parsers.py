"""How bodies are read: JSON, forms and files, all with their names in snake_case and nothing hostile."""

from __future__ import annotations

from collections.abc import Mapping
from typing import IO, Any

from django.http import QueryDict
from django.utils.datastructures import MultiValueDict
from rest_framework import parsers
from rest_framework.exceptions import ParseError

from chat.api.casing import snake, snake_keys
from chat.api.hostile import check_text, parse_json, read_bounded

Context = Mapping[str, Any] | None


class JsonParser(parsers.BaseParser):
    media_type = "application/json"

    def parse(self, stream: IO[bytes], media_type: str | None = None, context: Context = None) -> Any:
        return snake_keys(parse_json(read_bounded(stream, _length(context))))


class FormParser(parsers.BaseParser):
    media_type = "application/x-www-form-urlencoded"

    def parse(self, stream: IO[bytes], media_type: str | None = None, context: Context = None) -> QueryDict:
        # A form is no longer than JSON is.
        body = read_bounded(stream, _length(context))
        try:
            found = QueryDict(body, encoding="utf-8")
        except UnicodeDecodeError:
            raise ParseError from None
        return _renamed(found)


class MultiPartParser(parsers.MultiPartParser):
    def parse(
        self, stream: IO[bytes], media_type: str | None = None, context: Context = None
    ) -> parsers.DataAndFiles[Any, MultiValueDict[str, Any]]:
        found = super().parse(stream, media_type, context)
        files: MultiValueDict[str, Any] = MultiValueDict()
        for name, several in found.files.lists():
            files.setlist(snake(name), several)
        return parsers.DataAndFiles(_renamed(found.data), files)


def _renamed(found: QueryDict) -> QueryDict:
    renamed = QueryDict(mutable=True)
    for name, values in found.lists():
        check_text((name, *values))
        renamed.setlist(snake(name), values)
    return renamed


def _length(context: Context) -> int | None:
    """What the client says; Django takes nonsense for nothing."""
    try:
        return int(context["request"].META["CONTENT_LENGTH"]) if context else None
    except (KeyError, TypeError, ValueError):
        return None
