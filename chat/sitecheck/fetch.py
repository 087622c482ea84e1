"""A page of somebody's site, asked for like a webhook is called: on the public internet only."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from urllib.parse import urljoin, urlsplit

import aiohttp
from aiohttp.http_exceptions import HttpProcessingError
from multidict import CIMultiDictProxy
from yarl import URL

from chat.webhooks.call import beginning, session_with
from chat.webhooks.guard import GuardedConnector, fault_of

#: For all of it, with every redirect.
SECONDS = 15.0
REDIRECTS = 5
MOST_BYTES = 1024 * 1024
#: Policies of large sites are longer than aiohttp's usual 8 KB.
LONGEST_HEADER = 64 * 1024
_HEADERS = {"User-Agent": "parley", "Accept": "text/html", "Accept-Encoding": "identity"}


@dataclass(frozen=True, slots=True)
class Page:
    """``html`` is its beginning, which for nearly every page is all of it."""

    address: str
    status: int
    headers: CIMultiDictProxy[str]
    html: str

    def header(self, name: str) -> list[str]:
        return self.headers.getall(name, [])

    @property
    def next(self) -> str:
        """Where a redirect leads, or nothing."""
        leads = self.headers.get("Location", "") if 300 <= self.status < 400 else ""
        return joined(self.address, leads) if leads else ""


def joined(base: str, address: str) -> str:
    """The whole address of one that a page names; nothing for what is none."""
    try:
        found = urljoin(base, address.strip())
        urlsplit(found).port  # noqa: B018  # raises for a port that is none
    except ValueError:
        return ""
    return found


async def fetch(address: str) -> Page | None:
    """The page to which redirects lead in the end, or the last of too many. None: there was no answer, and
    nobody is told why. What has no name, what does not answer and what may not be asked look alike, so that
    nothing is learned about the server's own network."""
    try:
        async with asyncio.timeout(SECONDS):
            page = await _get(address)
            for _redirect in range(REDIRECTS):
                if page is None or not page.next:
                    break
                page = await _get(page.next)
            return page
    except TimeoutError:
        return None


async def _get(address: str) -> Page | None:
    if fault_of(address):
        return None
    try:
        async with (
            session_with(GuardedConnector()) as session,
            session.get(
                URL(address), headers=_HEADERS, allow_redirects=False, max_field_size=LONGEST_HEADER
            ) as response,
        ):
            body = await beginning(response, MOST_BYTES)
            return Page(str(response.url), response.status, response.headers, body.decode("utf-8", "replace"))
    except (aiohttp.ClientError, HttpProcessingError, OSError, ValueError):
        return None
