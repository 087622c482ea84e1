"""The one HTTP client that speaks with completions endpoints, and the one translator of its failures."""

from __future__ import annotations

import asyncio
import ssl
from contextlib import asynccontextmanager
from http.cookiejar import CookieJar, DefaultCookiePolicy
from typing import TYPE_CHECKING, Any
from weakref import WeakKeyDictionary, WeakSet

import aiohttp
import httpx
from aiohttp.http_exceptions import HttpProcessingError
from httpx_aiohttp import AiohttpTransport
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector

from chat.completions.errors import (
    UpstreamBadData,
    UpstreamCut,
    UpstreamError,
    UpstreamFault,
    UpstreamUnreachable,
)
from chat.metrics import REGISTRY

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Iterator, Mapping

    from prometheus_client.core import Metric

    from chat.completions.deadlines import Watchdog

#: What httpx, its aiohttp transport and aiohttp's parser raise between them.
CLIENT_ERRORS = (httpx.HTTPError, httpx.InvalidURL, aiohttp.ClientError, HttpProcessingError)

#: The name of aiohttp's reader among a response's extensions.
CONTENT = "parley.content"

_connectors: WeakSet[aiohttp.TCPConnector] = WeakSet()
_clients: WeakKeyDictionary[asyncio.AbstractEventLoop, httpx.AsyncClient] = WeakKeyDictionary()


class _Transport(AiohttpTransport):
    """Passes on what the body is read from. Through the two clients' own ways a token's bytes go through five
    iterators, each of which costs a fiftieth of the token."""

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        response = await super().handle_async_request(request)
        stream: Any = response.stream
        response.extensions[CONTENT] = stream._aiohttp_response.content
        return response


def _new_client() -> httpx.AsyncClient:
    tls = ssl.create_default_context()
    connector = aiohttp.TCPConnector(limit=0, ssl=tls)
    _connectors.add(connector)
    session = aiohttp.ClientSession(connector=connector, cookie_jar=aiohttp.DummyCookieJar())
    transport = _Transport(verify=tls, limits=httpx.Limits(max_connections=0), client=session)
    return httpx.AsyncClient(
        transport=transport,
        # Both clients have a jar, which would send the cookies of one tenant's reply with another's request.
        cookies=CookieJar(policy=DefaultCookiePolicy(allowed_domains=[])),
        trust_env=False,
        follow_redirects=False,
        # Compressed tokens would arrive in lumps.
        headers={"User-Agent": "parley", "Accept-Encoding": "identity"},
    )


class ConnectionCollector(Collector):
    """How many connections there are. aiohttp has no public word for it."""

    def collect(self) -> Iterator[Metric]:
        found = GaugeMetricFamily(
            "parley_upstream_connections", "Open connections to endpoints.", labels=["state"]
        )
        connectors = list(_connectors)
        found.add_metric(["active"], sum(len(one._acquired) for one in connectors))
        found.add_metric(["idle"], sum(len(kept) for one in connectors for kept in list(one._conns.values())))
        yield found


REGISTRY.register(ConnectionCollector())


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


async def _once(body: bytes) -> AsyncGenerator[bytes, None]:
    """What is asked, gone as soon as it is sent. httpx keeps bytes to the end of the reply and longer, 20 KB
    for each that has the history of a short conversation."""
    yield body


@asynccontextmanager
async def post(
    url: str, *, headers: Mapping[str, str], body: bytes, connect: float, watchdog: Watchdog
) -> AsyncGenerator[httpx.Response, None]:
    """A streamed POST whose headers have come. Leaving closes the connection unless its body was read."""
    # "pool" is aiohttp's bound of the whole way to a connection, the look-up of the name included.
    timeout = httpx.Timeout(None, connect=connect, pool=connect)
    headers = {**headers, "Content-Length": str(len(body))}
    content = _once(body)
    del body
    try:
        request = client().build_request("POST", url, headers=headers, content=content, timeout=timeout)
        with watchdog:
            response = await client().send(request, stream=True)
    except CLIENT_ERRORS as error:
        raise translated(error) from error
    try:
        yield response
    finally:
        await response.aclose()


class Body:
    """An answer's body as it comes off the network."""

    def __init__(self, response: httpx.Response, watchdog: Watchdog) -> None:
        self._content: aiohttp.StreamReader = response.extensions[CONTENT]
        self._watchdog = watchdog

    async def read(self) -> bytes:
        """What has come since the last time, as soon as there is anything; nothing at the end."""
        try:
            with self._watchdog:
                return await self._content.readany()
        except CLIENT_ERRORS as error:
            raise translated(error) from error

    async def upto(self, limit: int) -> bytes:
        """All that comes, until there are so many bytes or a little more."""
        body = bytearray()
        while len(body) < limit and (chunk := await self.read()):
            body += chunk
        return bytes(body)
