"""Things that a body names by their ids."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from rest_framework.exceptions import ValidationError

from chat.exceptions import NotFound


@contextmanager
def known(field: str) -> Iterator[None]:
    """What is not found within is 400 of the field that named it: 404 is for what the address names."""
    try:
        yield
    except NotFound as error:
        raise ValidationError({field: [str(error.message)]}) from None
