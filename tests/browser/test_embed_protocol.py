"""What the page around the chat can ask of it and hears of it, spoken by hand."""

from __future__ import annotations

from playwright.sync_api import expect

from tests.browser.conftest import EmbedOpener
from tests.browser.embedded import make_web_chat
from tests.harness.server import Server
from tests.harness.teammate import answer

OPEN = {"opened": True}
REST = {
    *(
        "id",
        "conversation",
        "sender",
        "type",
        "content",
        "contentPayload",
        "feedback",
        "createdAt",
        "attachments",
    ),
    *("citations", "citationNodes", "canvas", "queryMetadata"),
}


def test_a_message_is_sent_and_its_reply_and_a_teammates_are_heard(
    open_embed: EmbedOpener, server: Server
) -> None:
    chat = open_embed(on="shop", config=OPEN)
    chat.hear("ready")
    chat.order("send", id="7", content="Hello sim:tokens=20")
    done = chat.hear("done")
    assert done["id"] == "7"
    chat.hear("event", "one.name === 'messageReply'")
    names = [one["name"] for one in chat.heard("event")]
    assert names == ["conversationCreated", "messageSend", "replyStart", "messageReply"]
    created, sent, started, reply = (one["detail"] for one in chat.heard("event"))
    conversation = created["conversationId"]
    assert done["result"] == {"id": sent["id"], "conversationId": conversation}
    assert sent["content"] == "Hello sim:tokens=20"
    assert started == {"conversationId": conversation, "messageId": reply["id"]}
    assert reply.keys() == REST | {"conversationId"}
    assert reply["type"] == "outgoing"
    assert reply["content"] == chat.sources()[1]
    assert reply["conversationId"] == conversation
    written = answer(server, conversation, content="**Hello** from Bob")
    chat.hear("event", f"one.name === 'messageReply' && one.detail.id === '{written['id']}'")
    told = chat.heard("event")[4:]
    assert [one["name"] for one in told] == ["messageReply"]
    assert told[0]["detail"].keys() == reply.keys()
    assert told[0]["detail"]["content"] == "**Hello** from Bob"
    assert told[0]["detail"]["conversationId"] == conversation
    expect(chat.frame.locator("#announcer")).to_have_text("Fern said: Hello from Bob")


def test_the_page_begins_anew_and_clears(open_embed: EmbedOpener) -> None:
    chat = open_embed(on="shop", config=OPEN)
    chat.ask("First sim:tokens=5")
    chat.order("newConversation", id="1")
    chat.hear("done", "one.id === '1'")
    expect(chat.messages).to_have_count(0)
    chat.ask("Second sim:tokens=5")
    chat.page.wait_for_function("heard.filter(one => one.name === 'conversationCreated').length === 2")
    chat.order("clearHistory", id="2")
    chat.hear("done", "one.id === '2'")
    expect(chat.messages).to_have_count(0)
    chat.choose("Your conversations")
    expect(chat.frame.get_by_text("Your conversations will appear here.")).to_be_visible()


def test_what_is_refused_is_told_with_its_code(open_embed: EmbedOpener) -> None:
    chat = open_embed(on="shop", config=OPEN)
    chat.hear("ready")
    chat.order("send", id="1", content="x" * 40_000)
    refused = chat.hear("done")["error"]
    assert refused["code"] == "too_large"
    assert refused["message"]
    assert chat.hear("event", "one.name === 'error'")["detail"]["code"] == "too_large"


def test_messages_of_another_shape_are_dropped(open_embed: EmbedOpener) -> None:
    chat = open_embed(on="shop", config=OPEN)
    chat.hear("ready")
    for fields in (
        {"type": "send", "id": 1, "content": "no"},
        {"type": "send", "id": "1"},
        {"type": "unknown"},
    ):
        chat.order(**fields)  # type: ignore[arg-type]
    chat.order("send", id="last", content="Hello sim:tokens=5")
    chat.hear("done", "one.id === 'last'")
    chat.settle()
    expect(chat.questions).to_have_count(1)


def test_replies_that_come_while_it_is_closed_are_counted_until_it_is_opened(open_embed: EmbedOpener) -> None:
    chat = open_embed(on="shop", config={"opened": False})
    chat.hear("ready")
    chat.order("send", id="1", content="Hello sim:tokens=5")
    assert chat.hear("unread")["count"] == 1
    chat.order("shown", opened=True)
    chat.hear("unread", "one.count === 0")


def test_the_visitor_closes_it_with_the_button_and_with_escape(open_embed: EmbedOpener) -> None:
    alone = open_embed(on="shop")
    expect(alone.frame.get_by_role("heading", name="What would you like to know?")).to_be_visible()
    chat = open_embed(on="shop", config=OPEN)
    chat.frame.get_by_role("button", name="Close chat").click()
    chat.hear("close")
    chat.frame.get_by_role("button", name="More", exact=True).click()
    chat.page.keyboard.press("Escape")
    expect(chat.frame.get_by_role("menu")).to_be_hidden()
    assert len(chat.heard("close")) == 1
    chat.composer.press("Escape")
    chat.page.wait_for_function("heard.filter(one => one.type === 'close').length === 2")
    expect(alone.frame.get_by_role("button", name="Close chat")).to_be_hidden()


def test_focus_goes_where_one_writes(open_embed: EmbedOpener) -> None:
    chat = open_embed(on="shop", config=OPEN)
    chat.hear("ready")
    chat.order("focus")
    expect(chat.composer).to_be_focused()


def test_language_and_theme_are_the_sites(open_embed: EmbedOpener) -> None:
    chat = open_embed(on="shop", config={"opened": True, "lang": "zh-TW", "theme": "dark"})
    expect(chat.frame.get_by_role("heading", name="想問什麼？")).to_be_visible()
    expect(chat.frame.locator("html")).to_have_attribute("data-theme", "dark")
    chat.page.evaluate("config.lang = 'en'")  # as a loader remembers
    chat.order("lang", code="en")
    expect(chat.frame.get_by_role("heading", name="What would you like to know?")).to_be_visible()


def test_who_is_logged_in_on_the_site_has_their_conversations_on_every_device(
    open_embed: EmbedOpener, server: Server
) -> None:
    made = make_web_chat(server, persons={"ada": {}, "bob": {}}, identity_enforced=True)
    ada, bob = made["signed"]["ada"], made["signed"]["bob"]
    one = open_embed(web_chat=made["id"], on="shop", config={**OPEN, "identity": ada})
    one.ask("Mine sim:tokens=5")
    other = open_embed(web_chat=made["id"], on="shop", config={**OPEN, "identity": ada})
    other.choose("Your conversations")
    expect(other.rows).to_have_count(1)

    other.order("identity", token=bob)
    expect(other.rows).to_have_count(0)
    other.ask("Bob's sim:tokens=5")
    other.choose("Your conversations")
    expect(other.rows).to_have_count(1)
    expect(other.rows).to_contain_text("Bob")


def test_a_chat_for_known_visitors_asks_the_site_who_it_is(open_embed: EmbedOpener, server: Server) -> None:
    made = make_web_chat(server, persons={"ada": {}}, identity_enforced=True)
    chat = open_embed(web_chat=made["id"], on="shop", config=OPEN)
    expect(chat.frame.get_by_text("Log in on this site to chat here.")).to_be_visible()
    expect(chat.composer).to_be_disabled()
    expect(chat.frame.get_by_text("For visitors who are logged in")).to_be_visible()
    chat.hear("identityWanted")
    chat.order("send", id="1", content="Hello")
    assert chat.hear("done", "one.id === '1'")["error"]["code"] == "identity_required"
    chat.order("identity", token=made["signed"]["ada"])
    expect(chat.composer).to_be_enabled()
    expect(chat.frame.get_by_text("Usually replies at once")).to_be_visible()
    chat.ask("Hello sim:tokens=5")
    chat.order("identity", token=None)
    expect(chat.frame.get_by_text("Log in on this site to chat here.")).to_be_visible()
    expect(chat.messages).to_have_count(0)
