"""How the script tells that something came while the chat was closed."""

from __future__ import annotations

from playwright.sync_api import APIResponse, BrowserContext, Route, expect

from tests.browser.host_pages import Visit


def test_replies_that_come_while_it_is_closed_are_counted(visit: Visit) -> None:
    widget = visit()
    widget.call("MaiAgent.events.on('unread', ({count}) => (window.count = count))")
    widget.call("MaiAgent.chat.send('Hello sim:tokens=5')")
    expect(widget.launcher).to_have_accessible_name("Open chat, 1 unread message")
    expect(widget.page.locator("parley-launcher .dot")).to_be_visible()
    assert widget.call("count") == 1
    widget.open()
    widget.launcher.click()
    expect(widget.launcher).to_have_accessible_name("Open chat")
    expect(widget.page.locator("parley-launcher .dot")).to_be_hidden()


def test_a_list_that_was_read_during_a_reply_does_not_hide_it(visit: Visit, context: BrowserContext) -> None:
    held: list[tuple[Route, APIResponse]] = []
    context.route("**/web-chats/*/conversations*", lambda route: held.append((route, route.fetch())))
    widget = visit()
    widget.call("MaiAgent.events.on('messageReply', () => (window.replied = true))")
    widget.call("MaiAgent.chat.send('Hello sim:tokens=40')")
    widget.page.wait_for_function("window.replied")
    expect(widget.launcher).to_have_accessible_name("Open chat, 1 unread message")
    while not held:  # it was asked for, and its answer is still on its way
        widget.page.wait_for_timeout(50)
    for route, response in held:
        route.fulfill(response=response)
    widget.call("MaiAgent.chat.newConversation()")
    expect(widget.launcher).to_have_accessible_name("Open chat, 1 unread message")


def test_the_dot_can_be_left_out(visit: Visit) -> None:
    widget = visit(show_chat_notification="false")
    widget.call("MaiAgent.events.on('unread', ({count}) => (window.count = count))")
    widget.call("MaiAgent.chat.send('Hello sim:tokens=5')")
    widget.page.wait_for_function("window.count === 1")
    expect(widget.launcher).to_have_accessible_name("Open chat")


def test_a_tone_is_heard_only_where_the_site_wants_it(visit: Visit, context: BrowserContext) -> None:
    context.add_init_script(
        """window.tones = 0;
        const start = OscillatorNode.prototype.start;
        OscillatorNode.prototype.start = function () { tones += 1; return start.call(this); };"""
    )
    for sound, tones in (("true", 1), ("", 0)):
        widget = visit(sound=sound)
        widget.page.get_by_label("Search the shop").click()
        widget.call("MaiAgent.chat.send('Hello sim:tokens=5')")
        expect(widget.launcher).to_have_accessible_name("Open chat, 1 unread message")
        assert widget.call("tones") == tones, sound
