"""The one HTTP client that speaks with completions endpoints, and the one translator of its failures."""

from __future__ import annotations

import asyncio
import ssl
from contextlib import aclosing, asynccontextmanager
from http.cookiejar import CookieJar, DefaultCookiePolicy
from typing import TYPE_CHECKING
from weakref import WeakKeyDictionary

import aiohttp
import httpx
from aiohttp.http_exceptions import HttpProcessingError
from httpx_aiohttp import AiohttpTransport

from chat.completions.errors import (
    UpstreamBadData,
    UpstreamCut,
    UpstreamError,
    UpstreamFault,
    UpstreamUnreachable,
)

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Mapping

    from chat.completions.deadlines import Watchdog

#: What httpx, its aiohttp transport and aiohttp's parser raise between them.
CLIENT_ERRORS = (httpx.HTTPError, httpx.InvalidURL, aiohttp.ClientError, HttpProcessingError)

_clients: WeakKeyDictionary[asyncio.AbstractEventLoop, httpx.AsyncClient] = WeakKeyDictionary()


def _new_client() -> httpx.AsyncClient:
    tls = ssl.create_default_context()
    connector = aiohttp.TCPConnector(limit=0, ssl=tls)
    session = aiohttp.ClientSession(connector=connector, cookie_jar=aiohttp.DummyCookieJar())
    transport = AiohttpTransport(verify=tls, limits=httpx.Limits(max_connections=0), client=session)
    return httpx.AsyncClient(
        transport=transport,
        # Both clients have a jar, which would send the cookies of one tenant's reply with another's request.
        cookies=CookieJar(policy=DefaultCookiePolicy(allowed_domains=[])),
        trust_env=False,
        follow_redirects=False,
        # Compressed tokens would arrive in lumps.
        headers={"User-Agent": "parley", "Accept-Encoding": "identity"},
    )


def client() -> httpx.AsyncClient:
    """The running loop's own client: unlimited connections, no cookies, nothing from the environment."""
    loop = asyncio.get_running_loop()
    found = _clients.get(loop)
    if found is None:
        found = _clients[loop] = _new_client()
    return found


async def aclose_client() -> None:
    """Close the running loop's client, if it has one; the next request would make another."""
    found = _clients.pop(asyncio.get_running_loop(), None)
    if found is not None:
        await found.aclose()


def translated(error: Exception) -> UpstreamError:
    """The transport calls a refused connection a timeout, so what counts is the cause underneath."""
    cause = error.__cause__ if isinstance(error, httpx.HTTPError) and error.__cause__ else error
    detail = f"{type(cause).__name__}: {cause}"
    match cause:
        case (
            aiohttp.ConnectionTimeoutError()
            | aiohttp.ClientConnectorError()
            | aiohttp.InvalidURL()
            | httpx.InvalidURL()
            | httpx.UnsupportedProtocol()
        ):
            return UpstreamUnreachable(detail)
        case aiohttp.ClientResponseError() | HttpProcessingError():
            return UpstreamBadData(detail)
        case aiohttp.ClientConnectionError() | aiohttp.ClientPayloadError():
            return UpstreamCut(detail)
        case _:
            return UpstreamFault(detail)


@asynccontextmanager
async def post(
    url: str, *, headers: Mapping[str, str], body: bytes, connect: float, watchdog: Watchdog
) -> AsyncGenerator[httpx.Response, None]:
    """A streamed POST whose headers have come. Leaving closes the connection unless its body was read."""
    # "pool" is aiohttp's bound of the whole way to a connection, the look-up of the name included.
    timeout = httpx.Timeout(None, connect=connect, pool=connect)
    try:
        request = client().build_request("POST", url, headers=headers, content=body, timeout=timeout)
        with watchdog:
            response = await client().send(request, stream=True)
    except CLIENT_ERRORS as error:
        raise translated(error) from error
    try:
        yield response
    finally:
        await response.aclose()


async def chunks(response: httpx.Response, watchdog: Watchdog) -> AsyncGenerator[bytes, None]:
    """The body as it comes off the network."""
    body = response.aiter_raw()
    try:
        while True:
            with watchdog:
                chunk = await anext(body, None)
            if chunk is None:
                return
            yield chunk
    except CLIENT_ERRORS as error:
        raise translated(error) from error


async def whole_body(response: httpx.Response, watchdog: Watchdog, *, limit: int) -> bytes:
    """The first ``limit`` bytes of a body that is not a stream of events."""
    body = bytearray()
    async with aclosing(chunks(response, watchdog)) as parts:
        async for chunk in parts:
            body += chunk
            if len(body) >= limit:
                break
    return bytes(body[:limit])
