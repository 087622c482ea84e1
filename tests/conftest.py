"""Fixtures that every room shares: a real server on its own data, the upstream simulator, a browser."""

from __future__ import annotations

import gc
import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.utils import translation
from hypothesis import HealthCheck, settings
from playwright.sync_api import Browser, expect, sync_playwright

from tests.harness.cluster import Store
from tests.harness.server import Server
from tests.simulator.process import SimulatorProcess

# How long an example takes says how busy the machine is, and nothing of the product.
settings.register_profile("parley", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("parley")
#: What Playwright switches off in Chromium (a list of ours takes the place of its own), and the suggestions
#: below the address bar: two hidden pages of its own, which cost as much for each new window as a whole
#: test.
OFF = (
    *("AvoidUnnecessaryBeforeUnloadCheckSync", "DestroyProfileOnBrowserClose", "HttpsUpgrades"),
    *("HttpsFirstBalancedModeAutoEnable", "LensOverlay", "MediaRouter", "PaintHolding"),
    *("ThirdPartyStoragePartitioning", "AvoidCorsURLLoaderRestartOnRedirect", "TcpPortRandomizationWin"),
    *("OptimizationHints", "NetworkTimeServiceQuerying", "AimEnabled", "PreconnectToSearch"),
    *("WebUIOmniboxPopup", "WebUIOmniboxAimPopup"),
)
#: A processor that plays a graphics card takes a quarter of a test's time.
FLAGS = [
    "--no-sandbox",
    "--disable-background-networking",
    "--disable-gpu",
    "--disable-gpu-rasterization",
    "--disable-software-rasterizer",
    f"--disable-features={','.join(OFF)}",
]
CHROMIUM = os.environ.get("CHROMIUM") or shutil.which("chromium") or "/usr/bin/chromium"


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """What drives Chromium is marked so, and its files come last: Playwright keeps an event loop in this
    thread from its first test on, beside which neither Django's database nor ``asyncio.run`` works."""
    driving = [item for item in items if "chromium" in getattr(item, "fixturenames", ())]
    for item in driving:
        item.add_marker(pytest.mark.browser)
    files = {item.path for item in driving}
    items.sort(key=lambda item: item.path in files)


def pytest_collection_finish() -> None:
    """The garbage collector took a fifth of the time: it need not walk through three thousand tests again and
    again."""
    gc.freeze()
    gc.set_threshold(10_000, 10, 10)


@pytest.fixture(autouse=True)
def usual_language() -> Iterator[None]:
    """Django's client leaves the language of its last request behind."""
    yield
    translation.deactivate()


@pytest.fixture(autouse=True, scope="session")
def time_to_think() -> Iterator[None]:
    """A test's transaction is around all that it asks in this process, and what it does between two requests
    takes as long as it takes."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("chat.db.HOLD_BRIEFLY", "SET LOCAL idle_in_transaction_session_timeout = '60s'")
        yield


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    expect.set_options(timeout=15_000)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield browser
        browser.close()


@pytest.fixture(scope="session")
def simulator() -> Iterator[SimulatorProcess]:
    with SimulatorProcess() as running:
        yield running


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    """A Redis of this test's own, which it may end."""
    store = Store(tmp_path / "redis")
    store.start()
    yield store
    store.end()


@pytest.fixture(scope="module")
def server(simulator: SimulatorProcess, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A real ``manage.py serve`` whose chatbots ask the simulator, with alice, bob and charlie in it."""
    data: Path = tmp_path_factory.mktemp("data")
    with Server(data, simulator.url) as running:
        yield running
