from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from django.core.cache import cache

from tests.harness.server import ROOT, Server, environment


@pytest.fixture(autouse=True)
def fresh_limits() -> Iterator[None]:
    """Rate limits count in the cache; no test may use up another's."""
    cache.clear()
    yield
    cache.clear()


@contextmanager
def deployed(data: Path, **variables: str) -> Iterator[Server]:
    """A real server as it is deployed: static files collected under hashed names, every header sent."""
    collected = str(data / "static")
    run = [sys.executable, "manage.py", "collectstatic", "--noinput", "--verbosity", "0"]
    subprocess.run(run, cwd=ROOT, env=environment(data, STATIC_ROOT=collected), check=True)
    with Server(data, STATIC_ROOT=collected, **variables) as running:
        yield running


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with deployed(tmp_path_factory.mktemp("site")) as running:
        yield running
