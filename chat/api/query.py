"""Parameters in the address. Each is read by its name in snake_case and may be sent in either case."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from uuid import UUID

from django.utils.translation import gettext as _
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request

from chat.api.casing import camel
from chat.exceptions import NotFound

_DAY = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)


def text(request: Request, name: str, default: str = "") -> str:
    """``text(request, "page_size")`` reads ``page_size`` or ``pageSize``; the last that was sent counts."""
    found = request.query_params.get(name)
    return found if found is not None else request.query_params.get(camel(name), default)


def refused(name: str, sentence: str) -> ValidationError:
    """400 with ``{"pageSize": ["…"]}``."""
    return ValidationError({name: [sentence]})


def whole_number(request: Request, name: str, *, default: int, least: int, most: int) -> int:
    given = text(request, name)
    if not given:
        return default
    # No longer than any number that could be meant: longer ones take Python quadratic time.
    if given.isascii() and given.isdigit() and len(given) <= 18 and least <= int(given) <= most:
        return int(given)
    sentence = _("Enter a whole number from %(least)d to %(most)d.")
    raise refused(name, sentence % {"least": least, "most": most})


def uuid(request: Request, name: str) -> UUID | None:
    """None: not given. An id that cannot be one is 400."""
    given = text(request, name)
    try:
        return UUID(given) if given else None
    except ValueError:
        raise refused(name, _("Enter an id such as 123e4567-e89b-12d3-a456-426614174000.")) from None


def day(request: Request, name: str) -> date | None:
    """A date as ``YYYY-MM-DD``; None: not given."""
    given = text(request, name)
    try:
        # Python reads more forms than this one.
        if given and not _DAY.fullmatch(given):
            raise ValueError
        return date.fromisoformat(given) if given else None
    except ValueError:
        raise refused(name, _("Enter a date as YYYY-MM-DD.")) from None


@contextmanager
def named_in_body(field: str) -> Iterator[None]:
    """What is not found within is 400 of the field that named it: 404 is for what the address names."""
    try:
        yield
    except NotFound as error:
        raise refused(field, str(error.message)) from None
