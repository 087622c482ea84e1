"""Fixtures that every room shares: a real server on its own data, the upstream simulator, a browser."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.harness.server import Server
from tests.simulator.process import SimulatorProcess


@pytest.fixture(scope="session")
def simulator() -> Iterator[SimulatorProcess]:
    with SimulatorProcess() as running:
        yield running


@pytest.fixture(scope="module")
def server(simulator: SimulatorProcess, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A real ``manage.py serve`` whose chatbots ask the simulator, with alice, bob and charlie in it."""
    data: Path = tmp_path_factory.mktemp("data")
    with Server(data, simulator.url) as running:
        yield running
