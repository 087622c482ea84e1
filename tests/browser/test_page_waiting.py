from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import Opener
from tests.harness.server import Server
from tests.simulator.process import SimulatorProcess


@pytest.fixture(scope="module")
def server(simulator: SimulatorProcess, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with Server(tmp_path_factory.mktemp("data"), simulator.url, MAX_RUNNING_REPLIES="1") as running:
        yield running


def test_who_waits_for_others_reads_so(open_chat: Opener) -> None:
    others, mine = open_chat("bob"), open_chat("alice")
    others.write("Long sim:tokens=3000,rate=50")
    others.wait(lambda: len(others.sources()) == 2 and others.sources()[1])
    mine.write("Short sim:tokens=20")
    expect(mine.page.get_by_text("Waits until the server has room…")).to_be_visible()
    others.stop.click()
    mine.settle()
    assert mine.sources() == mine.stored()
