"""What no request may contain, decided once for all routes: read here, it never reaches a view.

* not JSON, or JSON with NaN, lone surrogates or numbers that are no double   400
* more than ``DEPTH`` levels                                                  400
* a NUL character in a name or a value (PostgreSQL's text has none)           400
* more than ``BODY_BYTES``                                                    413

Integers beyond 64 bits arrive as floats; a field that wants an integer refuses them.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import IO, Any

import orjson
from django.utils.translation import gettext_lazy as _

from chat.exceptions import BadRequest, TooLarge

#: Of a JSON body. Files are sent as forms, and have limits of their own.
BODY_BYTES = 1024 * 1024
DEPTH = 20


def too_large() -> TooLarge:
    return TooLarge(_("The body of this request can be at most 1 MB."))


def read_bounded(stream: IO[bytes], length: int | None) -> bytes:
    """The whole body; ``length`` is what the client says that it is. Raises ``TooLarge``."""
    if length is not None and length > BODY_BYTES:
        raise too_large()
    body = stream.read(BODY_BYTES + 1)
    if len(body) > BODY_BYTES:
        raise too_large()
    return body


def parse_json(body: bytes) -> Any:
    """The value that the body says. Raises ``BadRequest`` with the place of the first mistake."""
    try:
        value = orjson.loads(body)
    except orjson.JSONDecodeError as error:
        raise BadRequest(f"JSON parse error - {error}") from None
    check(value)
    return value


def check(value: Any, depth: int = 0) -> None:
    """Raises ``BadRequest`` for what is nested too deeply or contains NUL."""
    if isinstance(value, str):
        check_text((value,))
    elif isinstance(value, dict | list):
        if depth >= DEPTH:
            raise BadRequest(_("JSON can be nested 20 levels deep, and this is deeper."))
        if isinstance(value, dict):
            check_text(value)
        for inner in value.values() if isinstance(value, dict) else value:
            check(inner, depth + 1)


def check_text(texts: Iterable[str]) -> None:
    if any("\x00" in text for text in texts):
        raise BadRequest(_("Null characters are not allowed."))
