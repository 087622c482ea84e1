"""One question over HTTP and the stream that answers it: what every provider behind an address shares."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from typing import TYPE_CHECKING

from chat.completions.answers import error_for
from chat.completions.deadlines import Deadlines, Watchdog
from chat.completions.decoder import BLANK
from chat.completions.errors import UpstreamError, UpstreamFault
from chat.completions.http import Body
from chat.completions.text import redacted

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Callable
    from contextlib import AbstractAsyncContextManager

    import httpx

    from chat.completions.decoder import Decoder
    from chat.completions.deltas import Delta

MAX_ERROR_BODY = 8 * 1024
MAX_WHOLE_BODY = 1024 * 1024
#: How long the connection may take to end after the reply's end so that the next reply can use it again.
SECONDS_TO_REUSE = 0.25


async def exchange(
    ask: Callable[[Watchdog], AbstractAsyncContextManager[httpx.Response]],
    decoder: Decoder,
    *,
    deadlines: Deadlines,
    secret: str,
) -> AsyncGenerator[list[Delta], None]:
    """One attempt: the deltas of each network read, a ``Finish`` last; else an ``UpstreamError``.

    ``ask`` brings the answer 200, and raises for any other. ``secret`` is kept out of the error's detail.
    """
    watchdog = Watchdog(deadlines)
    try:
        async with ask(watchdog) as response:
            body = Body(response, watchdog)
            chunk = await _first_bytes(body)
            if not decoder.begin(chunk):
                if deltas := decoder.whole(await _with_rest(chunk, body)):
                    yield deltas
            else:
                while chunk:
                    if deltas := decoder.feed(chunk):
                        watchdog.content()
                        yield deltas
                    chunk = await _next(decoder, body, watchdog)
                if deltas := decoder.close():
                    yield deltas
            if decoder.failure is not None:
                raise decoder.failure
            yield decoder.end()
            await _drain(body)
    except UpstreamError as error:
        error.detail = redacted(error.detail, secret)
        raise
    finally:
        watchdog.close()


def headers_with(scheme: str, secret: str) -> dict[str, str]:
    """The headers of a question; without a secret nothing authorises it."""
    headers = {"Content-Type": "application/json", "Accept": "text/event-stream"}
    key = secret.strip()
    if not (key.isascii() and key.isprintable()):
        raise UpstreamFault("the API key holds characters that no header can carry")
    return headers | {"Authorization": f"{scheme} {key}"} if key else headers


async def refusal(response: httpx.Response, secret: str, watchdog: Watchdog) -> tuple[UpstreamError, bytes]:
    """The error that an answer other than 200 stands for, and the beginning of its body."""
    body = b""
    with suppress(UpstreamError):
        body = (await Body(response, watchdog).upto(MAX_ERROR_BODY))[:MAX_ERROR_BODY]
    return error_for(response, redacted(body.decode("utf-8", "replace"), secret)), body


async def _next(decoder: Decoder, body: Body, watchdog: Watchdog) -> bytes:
    """What the decoder still needs. A body that fails is its failure; after a finish_reason nothing is
    missing, however the connection ends."""
    if decoder.done or decoder.failure is not None:
        return b""
    if decoder.finished:
        watchdog.finishing()
    try:
        return await body.read()
    except UpstreamError as error:
        decoder.failure = None if decoder.finished else error
        return b""


async def _first_bytes(body: Body) -> bytes:
    """What shows the kind of the body: nothing but blanks and a byte order mark may come before it."""
    while chunk := await body.read():
        if chunk.strip(BLANK):
            return chunk
    raise UpstreamFault("an empty answer")


async def _with_rest(first: bytes, body: Body) -> bytes:
    whole = first + await body.upto(MAX_WHOLE_BODY)
    if len(whole) > MAX_WHOLE_BODY:
        raise UpstreamFault("a body too long for one completion")
    return whole


async def _drain(body: Body) -> None:
    """A connection whose body was read to its end serves the next reply; another is closed."""
    with suppress(UpstreamError, TimeoutError):
        async with asyncio.timeout(SECONDS_TO_REUSE):
            while await body.read():
                pass
