"""The embedded chat: what a visitor does with it."""

from __future__ import annotations

import json
import re

import pytest
from playwright.sync_api import WebSocketRoute, expect

from tests.browser.conftest import EmbedOpener
from tests.browser.embedded import make_web_chat
from tests.harness.server import Server

STARTERS = [{"title": "Orders", "text": "Where is my order? sim:tokens=20"}]


def test_a_starter_is_answered_and_the_conversation_is_there_again_after_a_reload(
    open_embed: EmbedOpener,
) -> None:
    chat = open_embed(greeting="Hello. How can we help?", starters=STARTERS)
    expect(chat.frame.get_by_role("heading", name="Hello. How can we help?")).to_be_visible()
    chat.frame.get_by_role("list", name="Conversation starters").get_by_role("button").click()
    expect(chat.replies).to_have_count(1)
    chat.settle()
    said = chat.sources()
    assert said[0] == STARTERS[0]["text"]
    assert said[1]
    assert chat.page.context.cookies() == []
    chat.page.reload()
    expect(chat.messages).to_have_count(2)
    assert chat.sources() == said
    chat.ask("Go on sim:tokens=5")
    expect(chat.messages).to_have_count(4)


def test_nothing_is_stored_of_who_only_looks(open_embed: EmbedOpener, server: Server) -> None:
    before = server.rows("SELECT count(*) FROM chat_visitor")
    chat = open_embed()
    chat.composer.fill("A thought")
    expect(chat.frame.locator("html")).to_have_attribute("lang", "en")
    chat.choose("Your conversations")
    expect(chat.frame.get_by_text("Your conversations will appear here.")).to_be_visible()
    assert server.rows("SELECT count(*) FROM chat_visitor") == before
    kept = chat.frame.evaluate("Object.keys(localStorage).filter(key => key.startsWith('parley.visitor'))")
    assert kept == []
    assert chat.page.context.cookies() == []


def test_earlier_conversations_are_listed_opened_and_begun_anew(open_embed: EmbedOpener) -> None:
    chat = open_embed()
    chat.ask("The first sim:tokens=5")
    chat.new()
    chat.ask("The second sim:tokens=5")
    chat.choose("Your conversations")
    panel = chat.frame.get_by_role("navigation", name="Your conversations")
    expect(chat.frame.get_by_role("button", name="Back to the chat")).to_be_focused()
    expect(chat.rows).to_have_count(2)
    assert chat.frame.locator("#chat").evaluate("one => one.inert")
    panel.get_by_role("button", name=re.compile("The first")).click()
    expect(panel).to_be_hidden()
    expect(chat.questions).to_have_text(re.compile("The first"))
    chat.choose("Your conversations")
    chat.page.keyboard.press("Escape")
    expect(panel).to_be_hidden()
    expect(chat.composer).to_be_focused()


def test_a_message_over_the_limit_of_the_day_stays_here_and_goes_out_when_it_is_asked_to(
    open_embed: EmbedOpener, server: Server
) -> None:
    chat = open_embed(messages_per_visitor=1)
    chat.ask("Today sim:tokens=5")
    chat.write("Tomorrow sim:tokens=5")
    sentence = "This chat takes no more messages from you today. Your message is kept here: send it tomorrow."
    expect(chat.questions.last).to_contain_text(sentence)
    chat.page.reload()
    expect(chat.questions.last).to_contain_text(sentence)
    server.execute("DELETE FROM chat_dailyusage")  # another day
    chat.questions.last.get_by_role("button", name="Retry").click()
    expect(chat.replies).to_have_count(2)
    expect(chat.questions.last).not_to_contain_text(sentence)


def test_a_message_that_is_too_long_is_not_sent_before_it_is_shortened(open_embed: EmbedOpener) -> None:
    chat = open_embed(message_characters=10)
    send = chat.frame.get_by_role("button", name="Send", exact=True)
    chat.composer.fill("x" * 12)
    expect(chat.frame.get_by_text("This message is 2 characters too long.")).to_be_visible()
    expect(send).to_be_disabled()
    chat.composer.fill("😀" * 10)
    expect(send).to_be_enabled()


def test_a_reply_is_stopped_asked_for_again_and_rated(open_embed: EmbedOpener, server: Server) -> None:
    chat = open_embed()
    chat.write("Long sim:tokens=2000,rate=20")
    expect(chat.stop).to_be_visible()
    chat.stop.click()
    expect(chat.frame.get_by_text("You stopped this reply.")).to_be_visible()
    chat.replies.get_by_role("button", name="Regenerate").click()
    expect(chat.stop).to_be_visible()
    chat.stop.click()
    chat.settle()
    chat.ask("Short sim:tokens=10")
    chat.replies.last.get_by_role("button", name="Good reply").click()
    expect(chat.replies.last.get_by_role("button", name="Good reply")).to_have_attribute(
        "aria-pressed", "true"
    )
    chat.page.reload()
    expect(chat.replies.last.get_by_role("button", name="Good reply")).to_have_attribute(
        "aria-pressed", "true"
    )
    chat.replies.last.get_by_role("button", name="Poor reply").click()
    chat.frame.get_by_role("button", name="Incomplete").click()
    chat.frame.get_by_role("button", name="Send feedback").click()
    expect(chat.frame.locator(".thanks")).to_be_visible()


def test_a_failed_reply_says_so_and_offers_another_try(open_embed: EmbedOpener) -> None:
    chat = open_embed()
    chat.write("Cut sim:tokens=100,fault=cut_chunked,after=20")
    expect(chat.frame.get_by_text("The reply was interrupted", exact=True)).to_be_visible()
    expect(chat.replies.get_by_role("button", name="Retry")).to_be_visible()


def test_a_cleared_history_is_gone_for_the_visitor_alone(open_embed: EmbedOpener, server: Server) -> None:
    chat = open_embed()
    chat.ask("Remember me sim:tokens=5")
    chat.choose("Clear history…")
    dialog = chat.frame.get_by_role("dialog")
    dialog.get_by_role("button", name="Clear").click()
    expect(chat.messages).to_have_count(0)
    expect(dialog).to_be_hidden()
    chat.page.reload()
    expect(chat.composer).to_be_visible()
    expect(chat.messages).to_have_count(0)
    chat.choose("Your conversations")
    expect(chat.frame.get_by_text("Your conversations will appear here.")).to_be_visible()
    assert server.rows("SELECT count(*) FROM chat_message WHERE content = ?", "Remember me sim:tokens=5") == [
        (1,)
    ]


def test_a_row_that_comes_late_does_not_bring_a_cleared_history_back(open_embed: EmbedOpener) -> None:
    chat = open_embed()
    told: list[str | bytes] = []
    sockets: list[WebSocketRoute] = []

    def connected(socket: WebSocketRoute) -> None:
        server = socket.connect_to_server()
        sockets.append(socket)

        def received(message: str | bytes) -> None:
            if json.loads(message)["type"] == "conversation":
                told.append(message)
            socket.send(message)

        server.on_message(received)

    chat.page.route_web_socket("**/ws/chat/", connected)
    chat.page.reload()
    chat.ask("Remember me sim:tokens=5")
    chat.choose("Your conversations")
    expect(chat.rows).to_have_count(1)
    chat.frame.get_by_role("button", name="Back to the chat").click()
    chat.wait(lambda: told)
    chat.choose("Clear history…")
    chat.frame.get_by_role("dialog").get_by_role("button", name="Clear").click()
    expect(chat.messages).to_have_count(0)
    chat.choose("Your conversations")
    empty = chat.frame.get_by_text("Your conversations will appear here.")
    expect(empty).to_be_visible()
    sockets[-1].send(told[-1])
    chat.frame.get_by_role("button", name="Back to the chat").click()
    chat.ask("Another sim:tokens=5")
    chat.choose("Your conversations")
    expect(chat.rows).to_have_count(1)
    expect(chat.rows).to_contain_text("Another")


def test_who_is_no_longer_known_begins_anew(open_embed: EmbedOpener, server: Server) -> None:
    chat = open_embed()
    chat.ask("Before sim:tokens=5")
    server.execute("UPDATE chat_webchat SET generation = generation + 1")
    expect(chat.messages).to_have_count(0, timeout=30_000)
    chat.ask("After sim:tokens=5")
    chat.choose("Your conversations")
    expect(chat.rows).to_have_count(1)


def test_a_closed_chat_says_so_to_who_has_it_open_and_to_who_comes(
    open_embed: EmbedOpener, server: Server
) -> None:
    web_chat = make_web_chat(server)["id"]
    chat = open_embed(web_chat=web_chat)
    chat.ask("Before sim:tokens=5")
    server.execute("UPDATE chat_webchat SET is_active = ? WHERE id = ?", False, web_chat.replace("-", ""))
    expect(chat.frame.get_by_text("This chat is closed at the moment.")).to_be_visible(timeout=30_000)
    late = open_embed(web_chat=web_chat)
    expect(late.frame.get_by_role("heading", name="This chat is closed at the moment.")).to_be_visible()


@pytest.mark.parametrize(
    ("asked", "locale", "greeting"),
    [
        ("", "zh-TW", "想問什麼？"),
        ("?lang=zh-TW", "en-US", "想問什麼？"),
        ("?lang=en", "zh-TW", "What would you like to know?"),
    ],
)
def test_the_language_is_what_the_site_asks_for_or_else_the_browsers(
    open_embed: EmbedOpener, asked: str, locale: str, greeting: str
) -> None:
    chat = open_embed(query=asked, browser={"locale": locale})
    expect(chat.frame.get_by_role("heading", name=greeting)).to_be_visible()


def test_a_frame_takes_no_focus_and_no_address(open_embed: EmbedOpener) -> None:
    chat = open_embed(on="shop")
    expect(chat.frame.get_by_role("heading", name="What would you like to know?")).to_be_visible()
    expect(chat.page.get_by_role("textbox", name="Search the shop")).to_be_focused()
    address, length = chat.frame.url, chat.page.evaluate("history.length")
    chat.ask("Hello sim:tokens=5")
    chat.new()
    assert chat.frame.url == address
    assert chat.page.evaluate("history.length") == length


def test_a_sandboxed_frame_without_an_origin_says_what_is_missing(open_embed: EmbedOpener) -> None:
    # Its modules cannot be loaded there, which Chromium says aloud.
    chat = open_embed(on="shop", attributes='sandbox="allow-scripts"', faults=False)
    expect(chat.frame.get_by_role("heading", name="The chat cannot run in this frame")).to_be_visible()
    expect(chat.frame.locator(".widget")).to_be_hidden()


def test_what_may_be_shown_is_the_web_chats_choice(open_embed: EmbedOpener) -> None:
    chat = open_embed(options={"enableShowPoweredBy": False, "enableThemeModeToggle": False})
    expect(chat.frame.get_by_text("Powered by")).to_have_count(0)
    chat.frame.get_by_role("button", name="More", exact=True).click()
    expect(chat.frame.get_by_role("menu")).to_be_visible()
    expect(chat.frame.get_by_role("menuitemradio")).to_have_count(0)
    other = open_embed(options={"backUrl": "https://example.com/shop"})
    expect(other.frame.get_by_text("Powered by")).to_be_visible()
    expect(other.frame.get_by_role("link", name="Back")).to_have_attribute("href", "https://example.com/shop")
