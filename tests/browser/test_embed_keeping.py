"""By what a browser is known again, where sites' frames may keep things and where they may not."""

from __future__ import annotations

import pytest
from playwright.sync_api import BrowserContext, expect

from tests.browser.conftest import EmbedOpener
from tests.browser.embedded import Sites, make_web_chat
from tests.browser.host_pages import Visit, script_tag
from tests.harness.server import Server

#: What a browser does in the frames of another site, when third-party storage is refused.
NO_STORAGE = """if (parent !== window) for (const name of ["localStorage", "sessionStorage"])
  Object.defineProperty(window, name, {get() { throw new DOMException("refused", "SecurityError"); }});"""
NO_COOKIES = """if (parent !== window)
  Object.defineProperty(Document.prototype, "cookie", {get: () => "", set: () => undefined});"""


@pytest.mark.parametrize(
    "script", ["", NO_STORAGE, NO_STORAGE + NO_COOKIES], ids=["storage", "cookie", "host"]
)
def test_the_conversation_survives_a_reload(open_embed: EmbedOpener, script: str) -> None:
    chat = open_embed(on="shop", config={"opened": True}, script=script)
    chat.ask("Remember me sim:tokens=5")
    said = chat.sources()
    chat.page.reload()
    frame = chat.page.wait_for_selector("iframe").content_frame()
    assert frame
    chat.frame = frame
    expect(chat.messages).to_have_count(2)
    assert chat.sources() == said


@pytest.mark.parametrize("way", ["script", "element"])
def test_the_page_around_keeps_it_where_the_frame_may_keep_nothing(
    visit: Visit, server: Server, context: BrowserContext, way: str
) -> None:
    context.add_init_script(NO_STORAGE + NO_COOKIES)
    web_chat = make_web_chat(server)["id"]
    element = f'<parley-chat web-chat="{web_chat}"></parley-chat>{script_tag(server)}'
    widget = visit(script_tag(server, web_chat) if way == "script" else element)

    def show() -> None:
        if way == "script":
            widget.open()

    show()
    assert widget.frames[0].evaluate("document.cookie") == ""
    widget.ask("Remember me sim:tokens=5")
    kept = f"JSON.parse(localStorage.getItem('parley:{web_chat}'))"
    assert set(widget.call(kept)) == {"token", "conversation"}
    widget.page.reload()
    show()
    expect(widget.questions).to_contain_text(["Remember me"])
    widget.ask("And this sim:tokens=5")
    visitors = "SELECT count(*) FROM chat_visitor WHERE web_chat_id = ?"
    assert server.rows(visitors, web_chat.replace("-", "")) == [(1,)]


def test_another_site_does_not_know_the_visitor(
    open_embed: EmbedOpener, server: Server, sites: Sites
) -> None:
    web_chat = make_web_chat(server)["id"]
    chat = open_embed(web_chat=web_chat, on="shop")
    chat.ask("On the one site sim:tokens=5")
    other = open_embed(web_chat=web_chat, on="bikes", beside=chat)
    expect(other.frame.get_by_role("heading", name="What would you like to know?")).to_be_visible()
    other.choose("Your conversations")
    expect(other.frame.get_by_text("Your conversations will appear here.")).to_be_visible()
    other.frame.get_by_role("button", name="Back to the chat").click()
    other.ask("On the other sim:tokens=5")
    rows = server.rows(
        "SELECT site FROM chat_visitor WHERE web_chat_id = ? ORDER BY site", web_chat.replace("-", "")
    )
    assert rows == [(sites.origin("bikes"),), (sites.origin("shop"),)]


def test_two_tabs_are_the_same_visitor(open_embed: EmbedOpener, server: Server) -> None:
    web_chat = make_web_chat(server)["id"]
    chat = open_embed(web_chat=web_chat)
    chat.ask("In one tab sim:tokens=5")
    other = open_embed(web_chat=web_chat, beside=chat)
    expect(other.messages).to_have_count(2)
    other.ask("In the other sim:tokens=5")
    expect(chat.messages).to_have_count(4)


def test_a_message_whose_answer_was_lost_is_sent_again_by_the_same_visitor(
    open_embed: EmbedOpener, server: Server
) -> None:
    web_chat = make_web_chat(server)["id"]
    chat = open_embed(web_chat=web_chat)
    # The frame of the first message goes out, and nothing comes back from then on.
    chat.frame.evaluate(
        """() => { const send = WebSocket.prototype.send;
        WebSocket.prototype.send = function (text) {
          send.call(this, text);
          if (JSON.parse(text).type === "send") { this.onmessage = null; WebSocket.prototype.send = send; }
        } }"""
    )
    chat.write("Only once sim:tokens=5")
    chat.wait(
        lambda: server.rows("SELECT id FROM chat_visitor WHERE web_chat_id = ?", web_chat.replace("-", ""))
    )
    chat.page.reload()
    expect(chat.messages).to_have_count(2)
    chat.settle()
    assert server.rows(
        "SELECT count(*) FROM chat_visitor WHERE web_chat_id = ?", web_chat.replace("-", "")
    ) == [(1,)]
    assert server.rows("SELECT count(*) FROM chat_message WHERE content = ?", "Only once sim:tokens=5") == [
        (1,)
    ]
