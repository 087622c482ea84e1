"""The letter case of names. The outside speaks camelCase and may speak snake_case; inside all is snake_case.

What stands in a free-form value belongs to whoever sent it, and keeps its names.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Any

#: Values, by their name in snake_case, whose inside is nobody's business but the sender's.
FREE_FORM = frozenset(
    {
        "content_payload",
        "handles",
        "mcp_credentials",
        "metadata",
        "output_format",
        "processing_time",
        "query_metadata",
        "raw_output_format",
        "raw_user_define_metadata",
        "request_body",
        "tool_mask",
        "usage",
    }
)

_BEFORE_CAPITAL = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")
_AFTER_UNDERSCORE = re.compile(r"(?<=[a-zA-Z0-9])_([a-z0-9])")


#: Names come from outside too: longer ones, and more than so many, are not remembered.
REMEMBERED, LONG = 2048, 64


def snake(name: str) -> str:
    """``isStreaming`` and ``is_streaming`` as ``is_streaming``."""
    return _snake(name) if len(name) <= LONG else _snake.__wrapped__(name)


@lru_cache(maxsize=REMEMBERED)
def _snake(name: str) -> str:
    return _BEFORE_CAPITAL.sub("_", name).lower() if not name.islower() else name


def camel(name: str) -> str:
    """``is_streaming`` as ``isStreaming``; a name that begins with an underscore stays."""
    return _camel(name) if len(name) <= LONG else _camel.__wrapped__(name)


@lru_cache(maxsize=REMEMBERED)
def _camel(name: str) -> str:
    return _AFTER_UNDERSCORE.sub(lambda found: found[1].upper(), name)


def snake_keys(value: Any) -> Any:
    """The value with every name in snake_case, except inside free-form values."""
    if isinstance(value, dict):
        names = ((snake(key), inner) for key, inner in value.items())
        return {name: inner if name in FREE_FORM else snake_keys(inner) for name, inner in names}
    if isinstance(value, list):
        return [snake_keys(inner) for inner in value]
    return value


def camel_keys(value: Any) -> Any:
    """The value with every name in camelCase: for complaints about fields."""
    if isinstance(value, dict):
        return {camel(str(key)): camel_keys(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [camel_keys(inner) for inner in value]
    return value
