"""The chat in the page of an app, which comes from a file and has no origin."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

from tests.browser.embedded import make_web_chat
from tests.browser.host_pages import HEAD, Widget, script_tag
from tests.embed.test_apps import ANDROID
from tests.harness.server import Server

APP = f"Mozilla/5.0 (Linux; Android 14; Pixel 8 Build/X; wv) {ANDROID}"


@pytest.mark.parametrize("way", ["script", "iframe"])
def test_an_app_shows_it_where_apps_may(chromium: Browser, server: Server, tmp_path: Path, way: str) -> None:
    made = make_web_chat(server, options={"webView": True}, allowed_origins=["https://shop.example"])
    frame = f'<body><iframe src="{server.origin}/web-chats/{made["id"]}" title="Chat"></iframe></body>'
    page = tmp_path / "app.html"
    page.write_text(HEAD + (script_tag(server, made["id"]) if way == "script" else frame))
    context = chromium.new_context(user_agent=APP)
    shown = context.new_page()
    shown.goto(page.as_uri())
    widget = Widget(shown, server)
    if way == "script":
        widget.launcher.click()
    expect(widget.composer).to_be_visible()
    widget.ask("Hello sim:tokens=5")
    if way == "script":
        assert widget.call("MaiAgent.chat.send('Again sim:tokens=5')")["conversationId"]
    context.close()
