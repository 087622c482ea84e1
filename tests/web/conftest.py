from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from django.core.cache import cache

from tests.harness.server import Server


@pytest.fixture(autouse=True)
def fresh_limits() -> Iterator[None]:
    """Rate limits count in the cache; no test may use up another's."""
    cache.clear()
    yield
    cache.clear()


@contextmanager
def deployed(data: Path, **variables: str) -> Iterator[Server]:
    """A real server as it is deployed: static files collected under hashed names, every header sent."""
    with Server(data, **variables) as running:
        yield running


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with deployed(tmp_path_factory.mktemp("site")) as running:
        yield running
