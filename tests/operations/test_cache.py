"""The cache in Redis, and somebody else who can write there."""

from __future__ import annotations

import pickle
from pathlib import Path

from redis import Redis

from config.cache import SharedCache
from tests.harness.cluster import Store


class Evil:
    """Unpickled, it makes a file."""

    def __init__(self, file: Path) -> None:
        self.file = file

    def __reduce__(self) -> object:
        return open, (str(self.file), "w")


def test_a_value_that_somebody_else_wrote_is_never_unpickled(store: Store, tmp_path: Path) -> None:
    cache, redis = SharedCache(store.url, {}), Redis.from_url(store.url)
    cache.set("tries", [1.5, 2.5])
    cache.set("count", 3)
    assert (cache.get("tries"), cache.incr("count")) == ([1.5, 2.5], 4)
    (key,) = [key for key in redis.scan_iter() if b"tries" in key]
    trace = tmp_path / "trace"
    for forged in (pickle.dumps(Evil(trace)), b"x" * 32 + pickle.dumps(Evil(trace)), b""):
        redis.set(key, forged)
        assert SharedCache(store.url, {}).get("tries", "nothing") == "nothing"
    assert not trace.exists()
