"""How often somebody may do something: messages counted in this process, requests of the API and files of
strangers by all of them together where there is Redis."""

from __future__ import annotations

import ipaddress
import time
from collections import OrderedDict
from collections.abc import Mapping
from typing import Any

from django.conf import settings
from django.core.cache import cache
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _

from chat.exceptions import RateLimited
from chat.principals import Principal


class TokenBucket:
    """Holds ``capacity`` tokens and gains ``per_second``."""

    __slots__ = ("_at", "_capacity", "_per_second", "_tokens")

    def __init__(self, capacity: float, per_second: float) -> None:
        self._capacity, self._per_second = capacity, per_second
        self._tokens, self._at = capacity, time.monotonic()

    def take(self, amount: float = 1) -> float:
        """0 when taken; otherwise the seconds until there is enough, and nothing is taken."""
        now = time.monotonic()
        self._tokens = min(self._capacity, self._tokens + (now - self._at) * self._per_second)
        self._at = now
        if self._tokens >= amount:
            self._tokens -= amount
            return 0
        return (amount - self._tokens) / self._per_second


MINUTE, HOUR, DAY = 60, 3600, 24 * 3600
MEGABYTE = 1024 * 1024
#: An office shares an address: so many of its visitors may send all that each of them may, in a day.
OFFICE = 10
#: As many principals as are remembered at once; the longest unused is forgotten first.
REMEMBERED = 10_000
_messages: OrderedDict[str, TokenBucket] = OrderedDict()
_requests: OrderedDict[str, TokenBucket] = OrderedDict()


def _wait(
    buckets: OrderedDict[str, TokenBucket], who: str, most: int, seconds: int = MINUTE, amount: int = 1
) -> float:
    bucket = buckets.setdefault(who, TokenBucket(most, most / seconds))
    buckets.move_to_end(who)
    if len(buckets) > REMEMBERED:
        buckets.popitem(last=False)
    return bucket.take(amount)


def _wait_in_window(who: str, most: int, seconds: int, amount: int) -> float:
    """Redis counts by the minute, the hour or the day: one step for all processes, and nothing is kept after
    it."""
    number, gone = divmod(time.time(), seconds)
    name = f"requests:{who}:{seconds}:{number:.0f}"
    cache.add(name, 0, 2 * seconds)
    try:
        counted = cache.incr(name, amount)
    except ValueError:  # Redis went or came between the two
        return 0
    return seconds - gone if counted > most else 0


def _wait_among_all(who: str, most: int, seconds: int = MINUTE, amount: int = 1) -> float:
    """0 when ``amount`` was counted, of ``most`` in so many ``seconds``; 0 of those is no limit."""
    if not most:
        return 0
    if settings.REDIS_URL:
        return _wait_in_window(who, most, seconds, amount)
    return _wait(_requests, f"{who}:{seconds}", most, seconds, amount)


def take_request(who: str, per_minute: int) -> None:
    """Count one request of ``who`` (a key or an address). Raises ``RateLimited`` with the seconds to wait;
    a rate of 0 is no limit."""
    if wait := _wait_among_all(who, per_minute):
        sentence = gettext("Those were too many requests. Try again in %(seconds)d s.")
        raise RateLimited(sentence % {"seconds": int(wait) + 1}, retry_after=wait)


def count_key(principal: Principal) -> None:
    take_request(principal.label, settings.API_REQUESTS_PER_MINUTE)


def count_stranger(meta: Mapping[str, Any]) -> None:
    """Whoever has no key counts by address; ``meta`` is the request's."""
    take_request(f"address:{network_of(address_of(meta))}", settings.API_STRANGERS_PER_MINUTE)


def take_files(who: str, size: int, *, count: int = 1) -> None:
    """Count the files of people who cost nothing to be, by ``who`` (an address): together they may send in an
    hour what one person may. Raises ``RateLimited``."""
    _refuse_files(_wait_among_all(f"files:{who}", settings.UPLOADS_WAITING, HOUR, count))
    _take_bytes(who, size, settings.UPLOADS_VISITOR_MEGABYTES, HOUR)


def take_files_of_known(who: str, size: int) -> None:
    """The same for visitors who have written something, which costs little more: what they send is kept."""
    _take_bytes(f"known:{who}", size, OFFICE * settings.UPLOADS_VISITOR_MEGABYTES, DAY)


def _take_bytes(who: str, size: int, megabytes: int, seconds: int) -> None:
    most = megabytes * MEGABYTE
    _refuse_files(_wait_among_all(f"bytes:{who}", most, seconds, min(size, most)))


def _refuse_files(wait: float) -> None:
    if wait:
        raise RateLimited(_("Too many files are being sent. Try again later."), retry_after=wait)


def address_of(meta: Mapping[str, Any]) -> str:
    """Where the request comes from. Behind the proxy it is the last address that the proxy wrote: what
    stands before it anybody may have written."""
    if settings.ALLAUTH_TRUSTED_PROXY_COUNT:
        written = meta.get("HTTP_X_FORWARDED_FOR", "").rpartition(",")[2].strip()
        if written:
            return str(written)
    return str(meta.get("REMOTE_ADDR", ""))


def network_of(address: str) -> str:
    """An IPv6 address counts as its /64: whoever has one has all of those."""
    try:
        found = ipaddress.ip_address(address)
    except ValueError:
        return "unknown"
    return str(found) if found.version == 4 else str(ipaddress.ip_network((found, 64), strict=False))


def take_message(principal: Principal) -> None:
    """Count one message against the principal's rate. Raises ``RateLimited`` with the seconds to wait."""
    rate = settings.MESSAGES_PER_MINUTE
    if not rate:
        return
    if wait := _wait(_messages, principal.label, rate):
        seconds = int(wait) + 1
        text = ngettext(
            "That was many messages at once. You can send again in %(seconds)d second.",
            "That was many messages at once. You can send again in %(seconds)d seconds.",
            seconds,
        )
        raise RateLimited(text % {"seconds": seconds}, retry_after=wait)
