from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

from playwright.sync_api import Browser, expect

from tests.browser.embedded import Embedded
from tests.harness.server import ROOT, Server


def test_sources_are_shown_where_the_web_chat_shows_them(chromium: Browser, tmp_path: Path) -> None:
    server = Server(tmp_path / "guide")
    command = [sys.executable, "manage.py", "demo", "--json"]
    made = subprocess.run(command, cwd=ROOT, env=server.variables, check=True, capture_output=True, text=True)
    web_chat = json.loads(made.stdout)["webChatId"]
    with server:
        context = chromium.new_context(base_url=server.origin)
        page = context.new_page()
        page.goto(f"/web-chats/{web_chat}")
        chat = Embedded(page, server, page.main_frame)
        reply = chat.ask("How do I connect a model of my own?")
        expect(reply.get_by_role("region", name="Sources")).to_be_visible()
        reply.get_by_role("link", name="Source").first.click()
        expect(page.locator("#passage")).to_be_visible()

        options = json.dumps({"enableDisplayCitations": False})
        server.execute("UPDATE chat_webchat SET options = ?", options)
        page.reload()
        expect(chat.replies).to_have_count(1)
        expect(reply.locator(".prose")).to_be_visible()
        expect(reply.get_by_role("region", name="Sources")).to_be_hidden()
        expect(reply.get_by_role("link", name="Source")).to_have_count(0)
        assert "[1]" not in reply.locator(".prose").inner_text()
        context.close()
