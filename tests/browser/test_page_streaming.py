from __future__ import annotations

import json
import re
from typing import Any
from uuid import uuid4

from playwright.sync_api import WebSocketRoute, expect

from tests.browser.chat import Chat
from tests.browser.conftest import Opener


def test_a_new_chat_gets_an_address_a_title_and_a_streamed_reply(chat: Chat) -> None:
    chat.write("What is a lease? sim:tokens=2000,rate=60")
    expect(chat.replies.last).to_have_attribute("data-reply-state", "running")
    expect(chat.stop).to_be_visible()
    for _ in range(2):
        length = len(chat.sources()[-1])
        chat.wait(lambda length=length: len(chat.sources()[-1]) > length)
    expect(chat.page).to_have_url(re.compile(r"/c/[0-9a-f-]{36}$"))
    chat.stop.click()
    chat.settle()
    expect(chat.replies.last).not_to_have_attribute("data-reply-state", re.compile("."))
    expect(chat.stop).to_be_hidden()
    expect(chat.page).to_have_title(re.compile("What is a lease"))
    expect(chat.rows.first).to_contain_text("What is a lease")
    assert chat.sources() == chat.stored()


def test_a_reload_in_the_middle_of_a_reply_loses_nothing(chat: Chat) -> None:
    chat.write("Go on sim:tokens=2000,rate=50")
    chat.wait(lambda: len(chat.sources()) == 2 and len(chat.sources()[1]) > 200)
    before = chat.sources()[1]
    chat.page.reload()
    expect(chat.running).to_have_count(1)
    chat.wait(lambda: len(chat.sources()) == 2 and len(chat.sources()[1]) > len(before))
    chat.stop.click()
    chat.settle()
    assert chat.sources() == chat.stored()
    assert chat.sources()[1].startswith(before)


def test_two_tabs_show_the_same(open_chat: Opener) -> None:
    one = open_chat()
    one.ask("First sim:tokens=20")
    other = open_chat(path=f"/c/{one.conversation}")
    expect(other.messages).to_have_count(2)
    one.write("Second sim:tokens=100,rate=100")
    expect(other.messages).to_have_count(4)
    other.settle()
    one.settle()
    assert one.sources() == other.sources() == one.stored()


def test_stop_ends_the_reply_and_keeps_its_text(chat: Chat) -> None:
    chat.write("Long sim:tokens=2000,rate=60")
    chat.wait(lambda: len(chat.sources()) == 2 and len(chat.sources()[1]) > 50)
    chat.stop.click()
    expect(chat.page.get_by_text("You stopped this reply.")).to_be_visible()
    expect(chat.composer).to_be_focused()
    chat.settle()
    assert chat.sources() == chat.stored()


def test_a_message_can_be_sent_while_a_reply_runs_and_waits_its_turn(chat: Chat) -> None:
    chat.write("First sim:tokens=2000,rate=60")
    expect(chat.running).to_have_count(1)
    chat.composer.fill("Second sim:tokens=10")
    expect(chat.stop).to_be_visible()
    expect(chat.page.get_by_role("button", name="Send", exact=True)).to_be_visible()
    chat.composer.press("Enter")
    expect(chat.page.get_by_text("Waits for the reply above")).to_be_visible()
    expect(chat.replies.last).to_have_attribute("data-reply-state", "queued")
    chat.stop.click()
    chat.settle()
    assert chat.sources() == chat.stored()
    expect(chat.page.get_by_text("You stopped this reply.")).to_have_count(1)


def test_a_waiting_reply_can_be_cancelled_alone(chat: Chat) -> None:
    chat.write("First sim:tokens=2000,rate=60")
    expect(chat.running).to_have_count(1)
    chat.write("Second sim:tokens=10")
    chat.page.get_by_role("button", name="Cancel").click()
    expect(chat.page.get_by_text("You stopped this reply.")).to_have_count(1)
    chat.wait(lambda: len(chat.sources()[1]) > 300)
    assert chat.sources()[3] == ""
    expect(chat.running).to_have_count(1)
    chat.stop.click()
    chat.settle()


def test_regenerate_puts_a_new_reply_in_the_place_of_the_old_one(chat: Chat) -> None:
    chat.ask("Again sim:tokens=30")
    first = chat.replies.last.get_attribute("data-message-id")
    chat.page.get_by_role("button", name="Regenerate").click()
    chat.wait(lambda: chat.replies.last.get_attribute("data-message-id") != first)
    chat.settle()
    expect(chat.messages).to_have_count(2)
    assert chat.sources() == chat.stored()


def test_a_cut_reply_keeps_its_text_says_so_and_can_be_retried(chat: Chat) -> None:
    chat.ask(f"{uuid4()} sim:tokens=80,fault=cut_chunked,after=40,times=1")
    notice = chat.page.get_by_role("group", name="The reply was interrupted")
    expect(notice).to_contain_text(
        "The connection to the model was cut part-way. What you see above is saved."
    )
    assert chat.sources() == chat.stored()
    notice.get_by_role("button", name="Retry").click()
    expect(notice).to_have_count(0)
    chat.settle()
    assert chat.sources() == chat.stored()


def test_a_reply_that_was_over_before_it_was_told_of_runs_until_its_text_is_there(chat: Chat) -> None:
    """A server that has much to do tells of a question when its quick reply is already stored."""
    held: list[dict[str, Any]] = []
    sides: list[WebSocketRoute] = []

    def from_server(text: str | bytes) -> None:
        frame = json.loads(text)
        if held or frame["type"] == "message":
            held.append(frame)
        else:
            sides[-1].send(text)

    def connected(page_side: WebSocketRoute) -> None:
        sides.append(page_side)
        page_side.connect_to_server().on_message(from_server)

    chat.page.route_web_socket("**/ws/chat/", connected)
    chat.page.reload()
    chat.write("Quick sim:tokens=10")
    chat.wait(lambda: "reply.ended" in [frame["type"] for frame in held])
    question, *news = held
    question["message"]["reply"]["state"] = "complete"
    sides[-1].send(json.dumps(question))
    expect(chat.replies).to_have_count(1)
    expect(chat.running).to_have_count(1)
    for frame in news:
        sides[-1].send(json.dumps(frame))
    chat.settle()
    assert chat.sources() == chat.stored()


def test_a_reply_that_never_came_says_why_in_its_place(chat: Chat) -> None:
    chat.ask("Fail sim:fault=401")
    notice = chat.page.get_by_role("group", name="No reply came")
    expect(notice).to_contain_text("Your message is saved.")
    expect(notice).to_contain_text("upstream_error")
    expect(notice.get_by_role("button", name="Retry")).to_be_visible()
    expect(chat.page.get_by_role("button", name="Copy reply")).to_be_hidden()


def test_a_busy_model_is_waited_for_in_sight_and_after_a_reload_too(chat: Chat) -> None:
    chat.write(f"{uuid4()} sim:429,times=1,retry_after=15,tokens=10")
    line = chat.replies.last.locator(".step-text")
    expect(line).to_have_text(re.compile(r"The model is busy\. Trying again within 1?[0-9] s\."))
    expect(chat.page.locator("#announcer")).to_have_text(re.compile(r"The model is busy\."))
    chat.page.reload()
    expect(line).to_have_text(re.compile(r"The model is busy\. Trying again within 1?[0-9] s\."))
    chat.settle(within=40)
    expect(line).to_be_hidden()
    assert chat.sources() == chat.stored()


def test_a_long_pause_is_known_without_the_log_and_can_be_left(chat: Chat) -> None:
    """The page of another process, which has no log of the reply, reads it in the list of messages."""
    chat.write(f"{uuid4()} sim:429,retry_after=50,tokens=10")
    line = chat.replies.last.locator(".step-text")
    expect(line).to_have_text(re.compile(r"The model is busy\. Trying again within [45][0-9] s\."))
    deaf = chat.page.context.new_page()
    deaf.route_web_socket("**/ws/chat/", lambda _socket: None)  # it reads only what is stored
    deaf.goto(chat.page.url)
    stored = Chat(deaf, chat.server).replies.last.locator(".step-text")
    expect(stored).to_have_text(re.compile(r"The model is busy\. Trying again within [1-5]?[0-9] s\."))
    deaf.close()
    chat.stop.click()
    expect(chat.replies.last).to_contain_text("You stopped this reply.")


def test_a_pause_too_long_to_wait_for_is_told_with_its_end(chat: Chat) -> None:
    chat.ask(f"{uuid4()} sim:429,retry_after=80000,tokens=10")
    notice = chat.page.get_by_role("group", name="No reply came")
    expect(notice).to_contain_text(re.compile(r"Your message is saved\. Try again after .*\d:\d\d"))
    chat.page.reload()
    expect(notice).to_contain_text(re.compile(r"Your message is saved\. Try again after .*\d:\d\d"))
