"""What the tests of the faults share."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.harness.cluster import Cluster, on_postgresql
from tests.harness.server import Server
from tests.simulator.process import SimulatorProcess


@pytest.fixture(scope="module", params=["one process", pytest.param("two processes", marks=on_postgresql)])
def servers(
    request: pytest.FixtureRequest, simulator: SimulatorProcess, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[list[Server]]:
    """One server and, on PostgreSQL, again two that work together."""
    data = tmp_path_factory.mktemp("servers")
    if request.param == "one process":
        with Server(data / "server", simulator.url) as server:
            yield [server]
    else:
        with Cluster(data, simulator.url, 2) as cluster:
            yield cluster.servers
