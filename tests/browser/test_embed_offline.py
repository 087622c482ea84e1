"""The embedded chat without a connection: what is written waits, and is sent once."""

from __future__ import annotations

from playwright.sync_api import BrowserContext, Frame, expect

from tests.browser.conftest import EmbedOpener
from tests.browser.embedded import make_web_chat
from tests.browser.host_pages import Visit, script_tag
from tests.harness.server import Server

SOCKETS = """
window.sockets = [];
window.WebSocket = class extends WebSocket {
  constructor(url) { super(url); window.sockets.push(this); }
};
"""
CONNECTED = """async () => {
  while (sockets.at(-1)?.readyState !== WebSocket.OPEN) await new Promise(requestAnimationFrame);
}"""
#: How many messages visitors of a web chat have written.
STORED = """
SELECT count(*) FROM chat_message m JOIN chat_conversation c ON c.id = m.conversation_id
JOIN chat_visitor v ON v.contact_id = c.contact_id WHERE m.type = 'incoming' AND v.web_chat_id = ?
"""


def go_offline(context: BrowserContext, frame: Frame) -> None:
    """Chromium lets a socket that is open live on."""
    frame.evaluate(CONNECTED)
    context.set_offline(True)
    frame.evaluate("sockets.at(-1).close()")
    expect(frame.get_by_text("Reconnecting…")).to_be_visible()


def test_what_a_visitor_writes_waits_and_is_sent_once(open_embed: EmbedOpener) -> None:
    chat = open_embed(script=SOCKETS)
    chat.ask("Before sim:tokens=5")
    context = chat.page.context
    go_offline(context, chat.frame)
    for number in (1, 2):
        chat.write(f"Offline {number} sim:tokens=5")
    waiting = chat.frame.get_by_text("Waiting to be sent")
    expect(waiting).to_have_count(2)
    assert len(chat.stored(chat.shown)) == 2
    context.set_offline(False)
    expect(chat.replies).to_have_count(3, timeout=60_000)
    chat.settle()
    expect(waiting).to_have_count(0)
    expect(chat.frame.get_by_text("Reconnecting…")).to_be_hidden()
    assert chat.sources() == chat.stored(chat.shown)
    written = [one for one in chat.sources() if one.startswith("Offline")]
    assert written == [f"Offline {number} sim:tokens=5" for number in (1, 2)]


def test_a_first_message_that_the_site_sends_waits_and_is_sent_once(
    visit: Visit, server: Server, context: BrowserContext
) -> None:
    context.add_init_script(SOCKETS)
    web_chat = make_web_chat(server)["id"]
    widget = visit(script_tag(server, web_chat))
    widget.open()
    go_offline(context, widget.frames[0])
    widget.call("void MaiAgent.chat.send('From the train sim:tokens=5').then(({id}) => (window.sent = id))")
    expect(widget.chat.get_by_text("Waiting to be sent")).to_be_visible()
    assert widget.call("window.sent") is None
    context.set_offline(False)
    widget.page.wait_for_function("window.sent", timeout=60_000)
    expect(widget.replies).to_have_count(1)
    assert server.rows(STORED, web_chat.replace("-", "")) == [(1,)]
