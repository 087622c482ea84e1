"""Any server that speaks OpenAI's ``POST …/chat/completions`` with ``stream: true``."""

from __future__ import annotations

from contextlib import asynccontextmanager
from functools import partial
from typing import TYPE_CHECKING, Any

import orjson

from chat.completions.decoder import StreamDecoder
from chat.completions.exchange import exchange, headers_with, refusal
from chat.completions.http import post
from chat.completions.messages import messages_for

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator

    import httpx

    from chat.completions.deadlines import Deadlines, Watchdog
    from chat.completions.deltas import Delta, Endpoint, Prompt

#: Address and model of the endpoints that refused ``stream_options`` once.
_without_options: set[tuple[str, str]] = set()


def stream(endpoint: Endpoint, prompt: Prompt, deadlines: Deadlines) -> AsyncGenerator[list[Delta], None]:
    """One attempt; what comes of it is in ``exchange``."""
    ask = partial(_answer, endpoint, prompt, deadlines)
    return exchange(ask, StreamDecoder(), deadlines=deadlines, secret=endpoint.api_key)


def _body(endpoint: Endpoint, prompt: Prompt, *, options: bool) -> bytes:
    body: dict[str, Any] = {
        "model": endpoint.model,
        "messages": messages_for(prompt, endpoint.context_tokens),
        "stream": True,
    }
    if options:
        body["stream_options"] = {"include_usage": True}
    return orjson.dumps(body)


@asynccontextmanager
async def _answer(
    endpoint: Endpoint, prompt: Prompt, deadlines: Deadlines, watchdog: Watchdog
) -> AsyncGenerator[httpx.Response, None]:
    """The answer 200; asks a second time where ``stream_options`` are refused."""
    url = f"{endpoint.url.rstrip('/')}/chat/completions"
    headers = headers_with("Bearer", endpoint.api_key)
    ask = partial(post, url, headers=headers, connect=deadlines.connect, watchdog=watchdog)
    place = endpoint.url, endpoint.model
    while True:
        options = place not in _without_options
        async with ask(body=_body(endpoint, prompt, options=options)) as response:
            if response.status_code == 200:
                yield response
                return
            error, body = await refusal(response, endpoint.api_key, watchdog)
        if not options or response.status_code not in (400, 422) or b"stream_options" not in body:
            raise error
        _without_options.add(place)
