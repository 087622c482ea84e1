"""The embedded chat where something that it waits for takes long: a list, a site's answer, a connection."""

from __future__ import annotations

import re
from typing import Any

from playwright.sync_api import BrowserContext, Route, expect

from tests.browser.conftest import EmbedOpener
from tests.browser.embedded import Embedded, make_web_chat
from tests.browser.host_pages import Visit, Widget, script_tag
from tests.browser.test_embed_offline import SOCKETS, go_offline
from tests.harness.server import Server

#: Replies of a web chat that are over.
ENDED = """
SELECT r.id FROM chat_reply r JOIN chat_conversation c ON c.id = r.conversation_id
JOIN chat_visitor v ON v.contact_id = c.contact_id WHERE r.state = 'complete' AND v.web_chat_id = ?
"""
#: What the site's page hears.
LISTEN = """window.heard = [];
for (const name of ["messageSend", "replyStart", "messageReply", "unread"])
  MaiAgent.events.on(name, (detail) => heard.push({name, ...detail}));"""
#: A loader that answers when the test lets it.
LATE = """addEventListener("message", (event) => {
  if (parent !== window || window.hello || event.data?.type !== "hello") return;
  event.stopImmediatePropagation();
  window.hello = event;
});"""
ANSWER = """() => {
  const {data, source, origin} = hello;
  dispatchEvent(new MessageEvent("message", {data, source, origin}));
}"""


def heard(widget: Widget, *names: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = widget.call("heard")
    return [one for one in found if one["name"] in names]


def wait_for_replies(widget: Widget, web_chat: str, count: int) -> None:
    while len(widget.server.rows(ENDED, web_chat.replace("-", ""))) < count:
        widget.page.wait_for_timeout(50)


def test_the_site_hears_of_a_reply_that_is_over_before_the_list_is_read(
    visit: Visit, server: Server, context: BrowserContext
) -> None:
    web_chat = make_web_chat(server)["id"]
    widget = visit(script_tag(server, web_chat))
    widget.open()
    widget.ask("Before sim:tokens=5")
    held: list[Route] = []
    context.route("**/web-chats/*/conversations/*/messages*", lambda route: held.append(route))
    widget.page.reload()
    widget.call(LISTEN)
    widget.call("MaiAgent.chat.send('Again sim:tokens=5')")
    wait_for_replies(widget, web_chat, 2)
    for route in held:
        route.continue_()
    widget.page.wait_for_function("heard.some(({name}) => name === 'messageReply')")
    told = heard(widget, "messageSend", "replyStart", "messageReply")
    assert [one["name"] for one in told] == ["messageSend", "replyStart", "messageReply"]
    assert told[2]["id"] == told[1]["messageId"]
    assert told[2]["content"]
    widget.open()
    expect(widget.replies).to_have_count(2)
    expect(widget.chat.locator("[data-reply-state]")).to_have_count(0)


def test_the_site_hears_of_a_reply_that_ended_while_the_connection_was_away(
    visit: Visit, server: Server, context: BrowserContext
) -> None:
    context.add_init_script(SOCKETS)
    web_chat = make_web_chat(server)["id"]
    widget = visit(script_tag(server, web_chat))
    widget.open()
    widget.call(LISTEN)
    widget.call("MaiAgent.chat.send('Long sim:tokens=200,rate=40')")
    widget.page.wait_for_function("heard.some(({name}) => name === 'replyStart')")
    go_offline(context, widget.frames[0])
    wait_for_replies(widget, web_chat, 1)
    context.set_offline(False)
    widget.page.wait_for_function("heard.some(({name}) => name === 'messageReply')", timeout=60_000)
    told = heard(widget, "replyStart", "messageReply")
    assert [one["name"] for one in told] == ["replyStart", "messageReply"]
    [(text,)] = server.rows("SELECT content FROM chat_message WHERE id = ?", told[1]["id"].replace("-", ""))
    assert told[1]["content"] == text


def test_nothing_is_told_of_replies_from_before(visit: Visit, server: Server) -> None:
    web_chat = make_web_chat(server)["id"]
    widget = visit(script_tag(server, web_chat))
    widget.open()
    widget.ask("Before sim:tokens=5")
    widget.page.reload()
    widget.call(LISTEN)
    widget.open()
    expect(widget.replies).to_have_count(1)
    widget.ask("After sim:tokens=5")
    told = heard(widget, "messageSend", "replyStart", "messageReply")
    assert [one["name"] for one in told] == ["messageSend", "replyStart", "messageReply"]


def test_what_is_written_before_the_site_has_answered_stays_in_the_conversation_that_opens(
    open_embed: EmbedOpener, server: Server
) -> None:
    web_chat = make_web_chat(server)["id"]
    loaded: dict[str, Any] = {"config": {"opened": True}, "attributes": 'name="parley-loaded"'}
    before = open_embed(web_chat=web_chat, on="shop", **loaded)
    before.ask("Before sim:tokens=5")
    chat = open_embed(web_chat=web_chat, on="shop", beside=before, script=LATE, **loaded)
    chat.page.wait_for_function("window.hello")
    chat.composer.fill("Half a thought")
    chat.attach(("tides.txt", b"Twice a day."))
    chat.page.evaluate(ANSWER)
    expect(chat.messages).to_have_count(2)
    expect(chat.composer).to_have_value("Half a thought")
    expect(chat.chosen).to_have_count(1)
    chat.new()
    expect(chat.composer).to_have_value("")
    expect(chat.chosen).to_have_count(0)
    chat.choose("Your conversations")
    chat.rows.click()
    expect(chat.messages).to_have_count(2)
    expect(chat.composer).to_have_value("Half a thought")
    expect(chat.chosen).to_have_count(1)


def test_what_was_written_before_the_site_names_somebody_else_is_not_theirs(
    open_embed: EmbedOpener, server: Server
) -> None:
    made = make_web_chat(server, persons={"ada": {}, "bob": {}})

    def loaded(person: str, **more: Any) -> Embedded:
        config = {"opened": True, "identity": made["signed"][person]}
        frame = {"config": config, "attributes": 'name="parley-loaded"'}
        return open_embed(web_chat=made["id"], on="shop", **frame, **more)

    ada = loaded("ada")
    ada.ask("Mine sim:tokens=5")
    bob = loaded("bob", beside=ada, script=LATE)
    bob.page.wait_for_function("window.hello")
    bob.composer.fill("Ada's own")
    bob.page.evaluate(ANSWER)
    expect(bob.composer).to_have_value("")
    bob.ask("Bob's sim:tokens=5")
    expect(bob.questions).to_have_text(re.compile("Bob's"))


def test_what_was_read_is_not_unread_again_before_the_server_knows(
    visit: Visit, context: BrowserContext
) -> None:
    widget = visit()
    widget.call(LISTEN)
    widget.call("MaiAgent.chat.send('Hello sim:tokens=5')")
    expect(widget.launcher).to_have_accessible_name("Open chat, 1 unread message")
    held: list[Route] = []
    context.route("**/web-chats/*/conversations/*/read", lambda route: held.append(route))
    widget.open()
    while not held:
        widget.page.wait_for_timeout(50)
    widget.launcher.click()
    # Answered after all that the frame has said before.
    widget.call("MaiAgent.chat.newConversation()")
    assert [one["count"] for one in heard(widget, "unread")] == [1, 0]
    expect(widget.launcher).to_have_accessible_name("Open chat")
    for route in held:
        route.continue_()
