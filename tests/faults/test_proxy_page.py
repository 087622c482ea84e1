"""The page in a browser, through each proxy, from the log-in to a reply that streams."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.sync_api import Browser

from tests.browser.chat import Chat
from tests.faults.test_proxies import KIND
from tests.harness.proxies import KINDS, Proxy
from tests.harness.server import Server, free_port
from tests.people import PASSWORD
from tests.simulator.process import SimulatorProcess
from tests.simulator.text import expected_text

pytestmark = pytest.mark.fault


@pytest.mark.parametrize("kind", KIND)
def test_a_person_logs_in_asks_and_reads_while_the_reply_is_made(
    kind: str, chromium: Browser, simulator: SimulatorProcess, tmp_path: Path
) -> None:
    proxy = Proxy(tmp_path / "proxy", free_port(), KINDS[kind])
    variables = {"PUBLIC_URL": proxy.origin}
    with Server(tmp_path / "data", simulator.url, **variables) as server, proxy.run([server.port]):
        page = chromium.new_context(base_url=proxy.origin, ignore_https_errors=True).new_page()
        broken: list[str] = []
        page.on("requestfailed", lambda request: broken.append(request.url))
        page.goto("/")
        page.get_by_label("User name or e-mail").fill("alice")
        page.get_by_label("Password", exact=True).fill(PASSWORD)
        page.get_by_role("button", name="Log in").click()
        page.wait_for_url(f"{proxy.origin}/")
        chat = Chat(page, server)
        chat.write("sim:tokens=120,rate=40,seed=5")
        chat.wait(lambda: len(chat.sources()) == 2 and chat.sources()[1])
        assert chat.running.count() == 1
        chat.settle(within=30)
        assert chat.sources()[1] == expected_text(120, 5)
        assert broken == []
        page.context.close()
