from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, expect

from tests.browser.chat import Chat
from tests.harness.server import ROOT, Server


@pytest.fixture(scope="module")
def guide(chromium: Browser, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Chat]:
    """The demo's chatbot, which answers from its documents, asked by the demo's member."""
    server = Server(tmp_path_factory.mktemp("guide"))
    command = [sys.executable, "manage.py", "demo", "--json"]
    made = subprocess.run(command, cwd=ROOT, env=server.variables, check=True, capture_output=True, text=True)
    demo = json.loads(made.stdout)
    with server:
        context = chromium.new_context(base_url=server.origin)
        page = context.new_page()
        page.goto("/")
        page.locator("[name=login]").fill(demo["username"])
        page.locator("[name=password]").fill(demo["password"])
        page.locator("[name=password]").press("Enter")
        chat = Chat(page, server)
        expect(chat.composer).to_be_visible()
        yield chat
        context.close()


def test_a_starter_is_answered_with_sources_whose_passages_are_shown(guide: Chat) -> None:
    page = guide.page
    expect(page.get_by_text("documents and name their sources")).to_be_visible()
    page.get_by_role("list", name="Conversation starters").get_by_role("button").first.click()
    expect(guide.replies).to_have_count(1)
    guide.settle()
    number = guide.replies.first.get_by_role("link", name="Source").first
    card = page.locator("#passage")
    number.hover()
    expect(card).to_be_visible()
    page.mouse.move(0, 0)
    expect(card).to_be_hidden()

    chip = guide.replies.first.get_by_role("region", name="Sources").get_by_role("button").first
    chip.click()
    expect(card).to_be_visible()
    page.mouse.move(0, 0)
    expect(card).to_be_visible()
    page.keyboard.press("Escape")
    expect(card).to_be_hidden()

    number.focus()
    page.keyboard.press("Enter")
    expect(card).to_be_focused()
    page.keyboard.press("Escape")
    expect(number).to_be_focused()


def test_every_source_that_is_listed_is_cited_and_every_citation_is_listed(guide: Chat) -> None:
    reply = guide.ask("How do I connect a model of my own?")
    cited = set(reply.locator(".cite").all_text_contents())
    listed = set(reply.locator(".source .num-chip").all_text_contents())
    assert cited
    assert cited == listed
