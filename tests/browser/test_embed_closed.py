"""A web chat that is closed, as the script on a site shows it."""

from __future__ import annotations

import json

import pytest
from playwright.sync_api import expect

from tests.browser.embedded import make_web_chat
from tests.browser.host_pages import HostPages, Visit, script_tag
from tests.harness.guest import set_web_chat
from tests.harness.server import Server

NOTICE = "This chat is closed at the moment."
CALLS = ["send('Is anybody there?')", "clearHistory()", "newConversation()"]


@pytest.fixture(scope="module")
def closed(server: Server) -> str:
    id: str = make_web_chat(server, is_active=False)["id"]
    return id


def test_the_panel_says_so_at_once_and_is_closed_again(visit: Visit, server: Server, closed: str) -> None:
    widget = visit(script_tag(server, closed))
    field = widget.page.get_by_label("Search the shop")
    field.focus()
    widget.call("Parley.control.open()")
    notice = widget.chat.get_by_role("heading", name=NOTICE)
    closer = widget.chat.get_by_role("button", name="Close chat")
    expect(notice).to_be_visible()
    expect(widget.panel.get_by_role("status")).to_be_hidden()  # what the script says where there is no page
    expect(closer).to_be_focused()
    closer.click()
    expect(widget.panel).to_be_hidden()
    expect(field).to_be_focused()
    widget.launcher.click()
    expect(closer).to_be_focused()
    widget.page.keyboard.press("Escape")
    expect(widget.panel).to_be_hidden()


def test_every_call_fails_at_once_and_says_why(visit: Visit, server: Server, closed: str) -> None:
    widget = visit(script_tag(server, closed))
    widget.call("Parley.events.on('error', (detail) => (window.fault = detail))")
    for call in CALLS:
        assert widget.call(f"Parley.chat.{call}.catch(({{code, message}}) => [code, message])") == [
            *("closed", NOTICE)
        ]
    assert widget.call("window.fault") == {"code": "closed", "message": NOTICE}


def test_a_message_of_the_site_is_refused_once_an_open_chat_is_closed(visit: Visit, server: Server) -> None:
    id = make_web_chat(server)["id"]
    widget = visit(script_tag(server, id))
    widget.open()
    set_web_chat(server, id, is_active=False)
    expect(widget.chat.get_by_text(NOTICE)).to_be_visible(timeout=30_000)
    expect(widget.chat.get_by_text("Closed at the moment", exact=True)).to_be_visible()
    refused = widget.call("Parley.chat.send('Still there?').catch(({code, message}) => [code, message])")
    assert refused == ["closed", NOTICE]


def test_an_open_chat_is_over_where_its_site_is_taken_off_the_list(
    visit: Visit, hosts: HostPages, server: Server
) -> None:
    kept, removed = hosts.origin("kept"), hosts.origin("shop")
    id = make_web_chat(server, allowed_origins=[kept, removed])["id"]
    widget = visit(script_tag(server, id))
    widget.call("Parley.events.on('error', (detail) => (window.fault = detail))")
    widget.open()
    widget.ask("Hello sim:tokens=5")
    set_web_chat(server, id, allowed_origins=json.dumps([kept]))
    banner = widget.chat.get_by_text("The chat cannot be shown on this site.")
    expect(banner).to_be_visible(timeout=60_000)
    assert widget.call("window.fault.code") == "frame_refused"
    refused = widget.call("Parley.chat.send('Still there?').catch(({code}) => code)")
    assert refused == "frame_refused"
    set_web_chat(server, id, allowed_origins=json.dumps([removed]))
    widget.chat.get_by_role("button", name="Try again").click()
    expect(widget.questions).to_contain_text(["Hello sim:tokens=5"])


def test_in_the_page_itself_there_is_nothing_to_close(visit: Visit, server: Server, closed: str) -> None:
    page = f'<parley-chat web-chat="{closed}" lang="zh-TW" theme="dark"></parley-chat>{script_tag(server)}'
    widget = visit(page)
    expect(widget.chat.get_by_role("heading", name="這個聊天目前未開放。")).to_be_visible()
    expect(widget.chat.locator("html")).to_have_attribute("data-theme", "dark")
    expect(widget.chat.get_by_role("button")).to_have_count(0)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_notice_is_accessible(visit: Visit, server: Server, closed: str, scheme: str) -> None:
    widget = visit(script_tag(server, closed, theme=scheme))
    widget.page.emulate_media(reduced_motion="reduce")
    widget.launcher.click()
    expect(widget.chat.get_by_role("button", name="Close chat")).to_be_visible()
    assert widget.violations() == []
