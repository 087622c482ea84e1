"""One POST to an address that somebody else gave: what comes back is bounded in time and size, redirects are
not followed, and nothing of the environment or of another call goes with it."""

from __future__ import annotations

import socket
import time
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

import aiohttp
from aiohttp.http_exceptions import HttpProcessingError
from yarl import URL

from chat.webhooks.guard import GuardedConnector, fault_of

SECONDS = 10.0
CONNECT_SECONDS = 5.0
KEPT_BYTES = 2048
LONGEST_PAUSE = 24 * 3600.0
GONE = 410


@dataclass(frozen=True, slots=True)
class Answer:
    """``status`` is None when none came: ``error`` says why, as a code. ``retry_after`` is in seconds."""

    status: int | None = None
    text: str = ""
    error: str = ""
    retry_after: float = 0.0
    milliseconds: int = 0

    @property
    def ok(self) -> bool:
        return self.status is not None and 200 <= self.status < 300


async def post(url: str, *, headers: dict[str, str], body: bytes) -> Answer:
    """Never raises for what the other side does."""
    if fault := fault_of(url):
        return Answer(error=fault)
    begun = time.monotonic()
    connector = GuardedConnector()
    status, text, error, pause = None, b"", "", 0.0
    try:
        async with session_with(connector) as session, _posted(session, url, headers, body) as response:
            status, pause = response.status, retry_after(response.headers.get("Retry-After", ""))
            text = await beginning(response, KEPT_BYTES)
    except (aiohttp.ClientError, HttpProcessingError, OSError, ValueError) as caught:
        error = "private_address" if connector.refused else _code(caught)
    if status is not None:  # it has answered, whatever became of the rest
        error = "" if 200 <= status < 300 else "redirect" if 300 <= status < 400 else "status"
    taken = round((time.monotonic() - begun) * 1000)
    return Answer(status, text.decode("utf-8", "replace").replace("\x00", "�"), error, pause, taken)


def session_with(connector: GuardedConnector) -> aiohttp.ClientSession:
    """Bounded in time, without cookies, and without a word of the environment."""
    return aiohttp.ClientSession(
        connector=connector,
        cookie_jar=aiohttp.DummyCookieJar(),
        timeout=aiohttp.ClientTimeout(total=SECONDS, sock_connect=CONNECT_SECONDS),
        auto_decompress=False,  # a small answer can unpack to a large one
        trust_env=False,
    )


def _posted(
    session: aiohttp.ClientSession, url: str, headers: dict[str, str], body: bytes
) -> aiohttp.client._RequestContextManager:
    own = {"Content-Type": "application/json", "User-Agent": "parley", "Accept-Encoding": "identity"}
    return session.post(URL(url), data=body, headers={**own, **headers}, allow_redirects=False)


async def beginning(response: aiohttp.ClientResponse, limit: int) -> bytes:
    """What comes of the answer until there is enough of it; how it ends does not matter any more."""
    kept = bytearray()
    try:
        while len(kept) < limit and (piece := await response.content.read(limit - len(kept))):
            kept += piece
    except (aiohttp.ClientError, HttpProcessingError, OSError):
        pass
    response.close()
    return bytes(kept)


def _code(error: Exception) -> str:
    match error:
        case TimeoutError():
            return "timeout"
        case aiohttp.ClientConnectorDNSError():
            return "unknown_host"
        case aiohttp.ClientSSLError():
            return "tls"
        case aiohttp.ClientConnectorError():
            return "unknown_host" if isinstance(error.os_error, socket.gaierror) else "unreachable"
        case ValueError():  # no address, whatever it looked like
            return "bad_address"
        case aiohttp.ClientResponseError() | HttpProcessingError():
            return "bad_answer"
        case _:
            return "cut"


def retry_after(value: str, *, now: datetime | None = None) -> float:
    """Seconds, from a number of them or a date; 0 for what is neither. At most a day."""
    if value.isascii() and value.strip().isdigit():
        return min(float(value[:12]), LONGEST_PAUSE)
    try:
        until = parsedate_to_datetime(value)
    except (ValueError, TypeError):
        return 0.0
    until = until if until.tzinfo else until.replace(tzinfo=UTC)
    return min(max((until - (now or datetime.now(UTC))).total_seconds(), 0.0), LONGEST_PAUSE)
