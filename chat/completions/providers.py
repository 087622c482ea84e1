"""The one door to completions: an endpoint and a prompt go in, deltas come out."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from chat.completions import builtin, maiagent, openai
from chat.completions.deadlines import Deadlines
from chat.completions.errors import UpstreamFault
from chat.completions.retry import with_retries

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator

    from chat.completions.deltas import Delta, Endpoint, Prompt

DEFAULT_DEADLINES = Deadlines()


def stream(
    endpoint: Endpoint, prompt: Prompt, *, deadlines: Deadlines = DEFAULT_DEADLINES
) -> AsyncGenerator[list[Delta], None]:
    """The deltas of each network read as one list, never an empty one; a reply that is complete ends with a
    ``Finish``, any other raises an ``UpstreamError`` after what came of it.

    Iterate it within ``contextlib.aclosing``: closing it, or cancelling the task that reads it, closes the
    connection to the upstream.
    """
    match endpoint.provider:
        case "builtin":
            return builtin.stream(prompt)
        case "openai":
            return with_retries(partial(openai.stream, endpoint, prompt), deadlines)
        case "maiagent":
            return with_retries(partial(maiagent.stream, endpoint, prompt), deadlines)
        case unknown:
            raise UpstreamFault(f"no such provider: {unknown}")
