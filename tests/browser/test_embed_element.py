"""The element that puts the chat into a page itself, in real pages of another site."""

from __future__ import annotations

from typing import Any

import pytest
from playwright.sync_api import expect

from tests.browser.embedded import make_web_chat
from tests.browser.host_pages import Visit, script_tag
from tests.harness.server import Server


@pytest.fixture(scope="module")
def known(server: Server) -> dict[str, Any]:
    """A web chat whose site signs who its visitors are."""
    return make_web_chat(server, persons={"ada": {}, "bob": {}})


def test_the_element_stands_in_the_page(visit: Visit, server: Server, web_chat: str) -> None:
    page = f"""<style>parley-chat {{ display: block; height: 500px }}</style>
      <parley-chat web-chat="{web_chat}" lang="en"></parley-chat>
      <script>window.heard = [];
        const chat = document.querySelector("parley-chat");
        chat.addEventListener("messageReply", (event) => heard.push(event.detail));
      </script>{script_tag(server)}"""
    widget = visit(page)
    widget.ask("Hello sim:tokens=5")
    expect(widget.launcher).to_have_count(0)
    assert [one["type"] for one in widget.call("heard")] == ["outgoing"]
    box = widget.page.locator("parley-chat").bounding_box()
    assert box
    assert box["height"] == 500
    sent = widget.call("MaiAgent.chat.send('From the page sim:tokens=5')")
    assert sent["conversationId"] == widget.call("heard[0].conversationId")
    expect(widget.chat.get_by_role("button", name="Close chat")).to_be_hidden()
    widget.call("document.querySelector('parley-chat').remove()")
    widget.page.wait_for_function("frames.length === 0")


def test_what_is_sent_before_the_element_is_there_waits_for_it(
    visit: Visit, server: Server, web_chat: str
) -> None:
    send = "<script>window.sent = MaiAgent.chat.send('Early sim:tokens=5').catch(({code}) => code)</script>"
    widget = visit(f'{script_tag(server)}{send}<parley-chat web-chat="{web_chat}"></parley-chat>')
    assert "conversationId" in widget.call("sent")
    expect(widget.replies).to_have_count(1)


def test_a_page_without_a_chat_is_told_so(visit: Visit, server: Server) -> None:
    send = "MaiAgent.chat.send('Hello').catch(({code, message}) => code + ': ' + message)"
    before = f"<script>addEventListener('load', () => (window.sent = {send}))</script>"
    widget = visit(f"{before}{script_tag(server)}<script>window.early = {send}</script>")
    for when in ("early", "sent", send):
        assert widget.call(when) == "ended: There is no chat on this page.", when


def test_an_element_without_a_web_chat_says_what_it_lacks(visit: Visit, server: Server) -> None:
    widget = visit("<p>Shop</p>")
    said: list[str] = []
    widget.page.on("console", lambda line: said.append(line.text))
    widget.page.set_content(f"<parley-chat></parley-chat>{script_tag(server)}")
    widget.page.wait_for_load_state()
    assert any("<parley-chat> needs web-chat" in one for one in said), said


def test_the_object_of_the_page_is_for_it_too(visit: Visit, server: Server, known: dict[str, Any]) -> None:
    ada = known["signed"]["ada"]
    page = f"""<parley-chat web-chat="{known["id"]}" lang="en" identity="{ada}"></parley-chat>
      {script_tag(server)}<script>window.heard = [];
        for (const name of ["ready", "messageReply"]) MaiAgent.events.on(name, () => heard.push(name));
      </script>"""
    widget = visit(page)
    widget.ask("Mine sim:tokens=5")
    assert widget.call("heard") == ["ready", "messageReply"]
    widget.call("MaiAgent.lang.set('zh-TW')")
    expect(widget.chat.locator("html")).to_have_attribute("lang", "zh-hant")
    assert widget.call("MaiAgent.lang.get()") == "zh-TW"
    widget.call("MaiAgent.lang.set('en')")
    expect(widget.questions).to_have_count(1)
    widget.call("MaiAgent.identity.clear()")
    expect(widget.questions).to_have_count(0)
    widget.ask("Next sim:tokens=5")
    expect(widget.questions).to_have_count(1)


def test_both_the_button_and_the_element_hear_of_a_logging_out(
    visit: Visit, server: Server, known: dict[str, Any]
) -> None:
    identity = f'identity="{known["signed"]["bob"]}"'
    page = f"""<parley-chat web-chat="{known["id"]}" {identity}></parley-chat>
      {script_tag(server, known["id"], identity=known["signed"]["bob"])}"""
    widget = visit(page)
    button = widget.page.frame_locator("parley-launcher iframe")
    inline = widget.page.frame_locator("parley-chat iframe")
    widget.ask("Mine sim:tokens=5")
    widget.call("MaiAgent.control.open()")
    for chat in (inline, button):
        expect(chat.locator('[data-message-type="outgoing"]')).to_have_count(1)
    widget.call("MaiAgent.identity.clear()")
    for chat in (inline, button):
        expect(chat.locator("[data-message-type]")).to_have_count(0)


def test_its_attributes_change_it(visit: Visit, server: Server) -> None:
    made = make_web_chat(server, persons={"ada": {}})
    attributes = f'web-chat="{made["id"]}" lang="en" identity="{made["signed"]["ada"]}"'
    widget = visit(f"<parley-chat {attributes}></parley-chat>{script_tag(server)}")
    widget.ask("Mine sim:tokens=5")
    element = widget.page.locator("parley-chat")
    element.evaluate("one => one.setAttribute('lang', 'zh-TW')")
    expect(widget.chat.locator("html")).to_have_attribute("lang", "zh-hant")
    element.evaluate("one => one.setAttribute('lang', 'en')")
    expect(widget.questions).to_have_count(1)
    element.evaluate("one => one.removeAttribute('identity')")
    expect(widget.questions).to_have_count(0)
