from __future__ import annotations

from collections.abc import Iterator

import pytest
from django.core.cache import cache


@pytest.fixture(autouse=True)
def fresh_limits() -> Iterator[None]:
    """Rate limits count in the cache; no test may use up another's."""
    cache.clear()
    yield
    cache.clear()
