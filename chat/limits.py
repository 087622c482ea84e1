"""How often one principal may do something, counted in this process."""

from __future__ import annotations

import time
from collections import OrderedDict

from django.conf import settings
from django.utils.translation import ngettext

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


#: As many principals as are remembered at once; the longest unused is forgotten first.
REMEMBERED = 10_000
_messages: OrderedDict[str, TokenBucket] = OrderedDict()


def take_message(principal: Principal) -> None:
    """Count one message against the principal's rate. Raises ``RateLimited`` with the seconds to wait."""
    rate = settings.MESSAGES_PER_MINUTE
    if not rate:
        return
    bucket = _messages.setdefault(principal.label, TokenBucket(rate, rate / 60))
    _messages.move_to_end(principal.label)
    if len(_messages) > REMEMBERED:
        _messages.popitem(last=False)
    if wait := bucket.take():
        seconds = int(wait) + 1
        text = ngettext(
            "That was many messages at once. You can send again in %(seconds)d second.",
            "That was many messages at once. You can send again in %(seconds)d seconds.",
            seconds,
        )
        raise RateLimited(text % {"seconds": seconds}, retry_after=wait)
