"""Django's Redis cache that goes on without Redis, and trusts nobody who can write to it.

Without Redis what is counted in it (log-ins, sign-ups) is counted in this process alone. Values are pickled,
and whoever has a pickle read can run what they like: so each carries a signature by the secret key, and one
without it is never read.
"""

from __future__ import annotations

import hashlib
import hmac
import logging
import time
from collections.abc import Callable
from typing import Any

from django.core.cache.backends.locmem import LocMemCache
from django.core.cache.backends.redis import RedisCache, RedisCacheClient, RedisSerializer
from django.utils.crypto import salted_hmac
from redis import RedisError

logger = logging.getLogger(__name__)

AGAIN_SECONDS = 2.0
DIGEST = hashlib.sha256


class ForeignValue(RedisError):
    """Not written with this installation's secret key."""


class SignedSerializer(RedisSerializer):
    """Whole numbers stay as they are: Redis counts with them."""

    def dumps(self, obj: Any) -> Any:
        value: int | bytes = super().dumps(obj)
        return value if isinstance(value, int) else signature(value) + value

    def loads(self, data: bytes) -> Any:  # type: ignore[override]  # Redis gives nothing else
        try:
            return int(data)
        except ValueError:
            size = DIGEST().digest_size
            if not hmac.compare_digest(data[:size], signature(data[size:])):
                raise ForeignValue("a value in the cache has no signature of ours") from None
            return super().loads(data[size:])


def signature(value: bytes) -> bytes:
    return salted_hmac("config.cache", value, algorithm="sha256").digest()


def _without_fail(name: str) -> Callable[..., Any]:
    def method(self: Client, *args: Any) -> Any:
        return self.first_or_memory(name, args)

    return method


class Client(RedisCacheClient):
    """Both caches take the same arguments in the same order."""

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self._serializer = SignedSerializer()
        self._memory = LocMemCache("without-redis", {})
        self._away_until = 0.0

    def first_or_memory(self, name: str, args: tuple[Any, ...]) -> Any:
        if time.monotonic() >= self._away_until:
            try:
                return getattr(super(), name)(*args)
            except RedisError as error:
                self._away_until = time.monotonic() + AGAIN_SECONDS
                logger.warning("cache_away", extra={"error": repr(error)})
        return getattr(self._memory, name)(*args)

    add = _without_fail("add")
    get = _without_fail("get")
    set = _without_fail("set")
    touch = _without_fail("touch")
    delete = _without_fail("delete")
    has_key = _without_fail("has_key")
    incr = _without_fail("incr")
    get_many = _without_fail("get_many")
    set_many = _without_fail("set_many")
    delete_many = _without_fail("delete_many")
    clear = _without_fail("clear")


class SharedCache(RedisCache):
    def __init__(self, server: Any, params: dict[str, Any]) -> None:
        super().__init__(server, params)
        self._class = Client
