"""Any server that speaks OpenAI's ``POST …/chat/completions`` with ``stream: true``."""

from __future__ import annotations

import asyncio
from contextlib import aclosing, asynccontextmanager, suppress
from functools import partial
from typing import TYPE_CHECKING, Any

import orjson

from chat.completions.answers import error_for
from chat.completions.deadlines import Deadlines, Watchdog
from chat.completions.decoder import StreamDecoder
from chat.completions.errors import UpstreamError, UpstreamFault
from chat.completions.http import chunks, post, whole_body
from chat.completions.messages import messages_for
from chat.completions.text import redacted

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator

    import httpx

    from chat.completions.deltas import Delta, Endpoint, Prompt

MAX_ERROR_BODY = 8 * 1024
MAX_WHOLE_BODY = 1024 * 1024
#: How long the connection may take to end after ``[DONE]`` so that the next reply can use it again.
SECONDS_TO_REUSE = 0.25
NOT_EVENTS = (b"{", b"[", b"<")
BLANK = b"\xef\xbb\xbf \t\r\n"

#: Address and model of the endpoints that refused ``stream_options`` once.
_without_options: set[tuple[str, str]] = set()


class _OptionsRefused(UpstreamFault):
    """The server does not know ``stream_options``."""


async def stream(
    endpoint: Endpoint, prompt: Prompt, deadlines: Deadlines
) -> AsyncGenerator[list[Delta], None]:
    """One attempt: the deltas of each network read, a ``Finish`` last; else an ``UpstreamError``."""
    watchdog = Watchdog(deadlines)
    try:
        async with (
            _answer(endpoint, prompt, deadlines, watchdog) as response,
            aclosing(chunks(response, watchdog)) as body,
            aclosing(_deltas(body, watchdog)) as reply,
        ):
            async for deltas in reply:
                yield deltas
    except UpstreamError as error:
        error.detail = redacted(error.detail, endpoint.api_key)
        raise
    finally:
        watchdog.close()


def _headers(endpoint: Endpoint) -> dict[str, str]:
    headers = {"Content-Type": "application/json", "Accept": "text/event-stream"}
    key = endpoint.api_key.strip()
    if not (key.isascii() and key.isprintable()):
        raise UpstreamFault("the API key holds characters that no header can carry")
    return headers | {"Authorization": f"Bearer {key}"} if key else headers


def _body(endpoint: Endpoint, prompt: Prompt) -> bytes:
    body: dict[str, Any] = {
        "model": endpoint.model,
        "messages": messages_for(prompt, endpoint.context_tokens),
        "stream": True,
    }
    if (endpoint.url, endpoint.model) not in _without_options:
        body["stream_options"] = {"include_usage": True}
    return orjson.dumps(body)


@asynccontextmanager
async def _answer(
    endpoint: Endpoint, prompt: Prompt, deadlines: Deadlines, watchdog: Watchdog
) -> AsyncGenerator[httpx.Response, None]:
    """The answer 200; asks a second time where ``stream_options`` are refused."""
    url = f"{endpoint.url.rstrip('/')}/chat/completions"
    ask = partial(post, url, headers=_headers(endpoint), connect=deadlines.connect, watchdog=watchdog)
    while True:
        async with ask(body=_body(endpoint, prompt)) as response:
            if response.status_code == 200:
                yield response
                return
            error = await _refusal(response, endpoint, watchdog)
        if not isinstance(error, _OptionsRefused):
            raise error
        _without_options.add((endpoint.url, endpoint.model))


async def _refusal(response: httpx.Response, endpoint: Endpoint, watchdog: Watchdog) -> UpstreamError:
    body = b""
    with suppress(UpstreamError):
        body = await whole_body(response, watchdog, limit=MAX_ERROR_BODY)
    told = (endpoint.url, endpoint.model) not in _without_options
    if told and response.status_code in (400, 422) and b"stream_options" in body:
        return _OptionsRefused()
    return error_for(response, redacted(body.decode("utf-8", "replace"), endpoint.api_key))


async def _deltas(body: AsyncGenerator[bytes, None], watchdog: Watchdog) -> AsyncGenerator[list[Delta], None]:
    decoder = StreamDecoder()
    first = await _first_bytes(body)
    if first.lstrip(BLANK).startswith(NOT_EVENTS):
        deltas = decoder.whole(await _with_rest(first, body))
        if deltas:
            yield deltas
    else:
        async with aclosing(_events(decoder, first, body, watchdog)) as events:
            async for deltas in events:
                yield deltas
    if decoder.failure is not None:
        raise decoder.failure
    yield decoder.end()
    await _drain(body)


async def _events(
    decoder: StreamDecoder, first: bytes, body: AsyncGenerator[bytes, None], watchdog: Watchdog
) -> AsyncGenerator[list[Delta], None]:
    """Feed the decoder until it has all, or until the body fails, which is then the decoder's failure."""
    chunk: bytes | None = first
    ending = False
    try:
        while chunk is not None:
            if deltas := decoder.feed(chunk):
                watchdog.content()
                yield deltas
            if decoder.done or decoder.failure is not None:
                break
            if decoder.finished and not ending:
                ending = True
                watchdog.finishing()
            chunk = await anext(body, None)
    except UpstreamError as error:
        # After a finish_reason nothing is missing, however the connection ends.
        decoder.failure = None if decoder.finished else error
    if held := decoder.close():
        yield held


async def _first_bytes(body: AsyncGenerator[bytes, None]) -> bytes:
    """What shows the kind of the body: nothing but blanks and a byte order mark may come before it."""
    async for chunk in body:
        if chunk.strip(BLANK):
            return chunk
    raise UpstreamFault("an empty answer")


async def _with_rest(first: bytes, body: AsyncGenerator[bytes, None]) -> bytes:
    whole = bytearray(first)
    async for chunk in body:
        whole += chunk
        if len(whole) > MAX_WHOLE_BODY:
            raise UpstreamFault("a body too long for one completion")
    return bytes(whole)


async def _drain(body: AsyncGenerator[bytes, None]) -> None:
    """A connection whose body was read to its end serves the next reply; another is closed."""
    with suppress(UpstreamError, TimeoutError):
        async with asyncio.timeout(SECONDS_TO_REUSE):
            async for _ in body:
                pass
