from __future__ import annotations

import json
import re
from uuid import uuid4

from playwright.sync_api import Route, expect

from tests.browser.chat import Chat
from tests.browser.conftest import Opener

SEEN_SOCKETS = """
window.sockets = [];
window.WebSocket = class extends WebSocket {
  constructor(url) { super(url); window.sockets.push(this); }
};
"""


def test_messages_written_without_a_server_are_sent_once_and_in_order_after_a_reload(chat: Chat) -> None:
    chat.ask("Before sim:tokens=10")
    chat.server.kill()
    for number in (1, 2, 3):
        chat.write(f"Offline {number} sim:tokens=10")
    expect(chat.page.get_by_text("Waiting to be sent")).to_have_count(3)
    expect(chat.page.get_by_text("Reconnecting…")).to_be_visible()
    chat.server.start()
    chat.page.reload()
    expect(chat.replies).to_have_count(4)
    chat.settle()
    expect(chat.page.get_by_text("Waiting to be sent")).to_have_count(0)
    assert chat.sources() == chat.stored()
    questions = [text for text in chat.stored() if text.startswith("Offline")]
    assert questions == [f"Offline {number} sim:tokens=10" for number in (1, 2, 3)]
    outbox = "Object.keys(localStorage).filter(key => key.includes('outbox'))"
    chat.wait(lambda: chat.page.evaluate(outbox) == [])


def test_a_chat_begun_without_a_server_survives_a_visit_elsewhere(chat: Chat) -> None:
    chat.ask("Known sim:tokens=10")
    chat.new()
    chat.server.kill()
    chat.write("Begun offline sim:tokens=10")
    expect(chat.rows.first).to_contain_text("Begun offline")
    begun = chat.conversation
    chat.new()
    chat.rows.first.click()
    expect(chat.page.get_by_text("Waiting to be sent")).to_be_visible()
    chat.server.start()
    expect(chat.replies).to_have_count(1)
    chat.settle()
    assert chat.conversation == begun
    assert chat.sources() == chat.stored()


def test_the_page_comes_back_by_itself_and_goes_on_reading(chat: Chat) -> None:
    chat.write("Long sim:tokens=2000,rate=80")
    chat.wait(lambda: len(chat.sources()) == 2 and len(chat.sources()[1]) > 100)
    # What has been shown is stored within a second.
    chat.wait(lambda: chat.server.rows("SELECT 1 FROM chat_reply WHERE state = 'running' AND text <> ''"))
    chat.server.kill()
    expect(chat.page.get_by_text("Reconnecting…")).to_be_visible()
    chat.server.start()
    expect(chat.page.get_by_text("Reconnecting…")).to_be_hidden()
    notice = chat.page.get_by_role("group", name="The reply was interrupted")
    expect(notice).to_contain_text(
        "The server restarted part-way. What you see above is saved.", timeout=30_000
    )
    assert chat.sources() == chat.stored()


def test_a_short_loss_of_the_connection_is_not_mentioned(open_chat: Opener) -> None:
    chat = open_chat()
    # The socket closes under the page, which the page must take for a lost connection.
    chat.page.add_init_script(SEEN_SOCKETS)
    chat.page.reload()
    chat.write("Long sim:tokens=300,rate=100")
    chat.wait(lambda: len(chat.sources()) == 2 and len(chat.sources()[1]) > 100)
    chat.page.evaluate("window.sockets.at(-1).close()")
    chat.wait(lambda: chat.page.evaluate("window.sockets.length") == 2)
    expect(chat.page.get_by_text("Reconnecting…")).to_be_hidden()
    chat.settle()
    assert chat.sources() == chat.stored()


def test_a_reply_is_exact_however_often_the_connection_is_lost(open_chat: Opener) -> None:
    chat = open_chat()
    chat.page.add_init_script(SEEN_SOCKETS)
    chat.page.reload()
    chat.write("Cuts sim:tokens=2400,rate=100,seed=4")
    read = 0
    for cuts in range(4):
        chat.wait(lambda cuts=cuts: chat.page.evaluate("window.sockets.length") == cuts + 1)
        chat.wait(lambda read=read: len(chat.sources()) == 2 and len(chat.sources()[1]) > read + 50)
        read = len(chat.sources()[1])
        chat.page.evaluate("window.sockets.at(-1).close()")
    chat.settle(within=60)
    chat.wait(lambda: chat.page.evaluate("window.sockets.length") == 5)
    assert chat.sources() == chat.stored()
    assert chat.page.evaluate("window.sockets.length") == 5


def test_a_refused_message_stays_with_the_reason_and_can_be_removed(open_chat: Opener) -> None:
    alice = open_chat()
    alice.ask("Mine sim:tokens=10")
    foreign = alice.conversation
    charlie = open_chat("charlie", missing=True)
    # As if the conversation had been charlie's while he was writing.
    key = f"parley.outbox.{charlie.server.people['charlie']['id']}.000000000000001.x"
    entry = {"id": str(uuid4()), "conversation": foreign, "content": "Let me in", "createdAt": 1}
    charlie.page.evaluate("([key, entry]) => localStorage.setItem(key, entry)", [key, json.dumps(entry)])
    charlie.page.goto(f"/c/{foreign}")
    refusal = charlie.page.get_by_role("group", name="Not sent")
    expect(refusal).to_contain_text(
        "You no longer have access to this conversation. Your message is kept here."
    )
    expect(charlie.questions).to_have_count(1)
    charlie.page.reload()
    expect(charlie.page.get_by_text("Let me in")).to_be_visible()
    refusal.get_by_role("button", name="Remove").click()
    expect(charlie.page.get_by_role("group", name="You no longer have access")).to_be_visible()
    expect(charlie.questions).to_have_count(0)
    assert "Let me in" not in alice.stored()


def test_a_message_that_is_too_long_is_told_before_it_is_sent(chat: Chat) -> None:
    chat.composer.fill("字" * 15_000)
    expect(chat.page.get_by_text(re.compile("This message is 12 KB too long"))).to_be_visible()
    expect(chat.page.get_by_role("button", name="Send", exact=True)).to_be_disabled()
    chat.composer.press("Enter")
    expect(chat.messages).to_have_count(0)
    chat.composer.fill("字" * 10_000)
    expect(chat.page.get_by_text(re.compile("too long"))).to_be_hidden()


def test_what_is_written_before_the_page_has_loaded_stays_and_can_be_sent(chat: Chat) -> None:
    held: list[Route] = []
    chat.page.route("**/static/chat/app*.js", lambda route: held.append(route))
    chat.page.goto(f"{chat.server.origin}/", wait_until="commit")
    chat.composer.fill("Early words sim:tokens=5")
    chat.wait(lambda: held)
    held[0].continue_()
    chat.page.get_by_role("button", name="Send", exact=True).click()
    expect(chat.questions).to_have_text(re.compile("Early words"))
    chat.settle()
