"""What happens in one conversation, or in another tab, while the page shows something else."""

from __future__ import annotations

import re

from playwright.sync_api import Locator, Route, expect

from tests.browser.chat import Chat
from tests.browser.conftest import Opener
from tests.browser.test_embed_offline import SOCKETS, go_offline

#: What of the person's messages still waits here.
WAITING = "Object.keys(localStorage).filter(key => key.includes('outbox')).length"


def row(chat: Chat, conversation: str) -> Locator:
    return chat.page.locator(f'[data-conversation="{conversation}"]')


def begin_with_a_slow_file(chat: Chat, text: str) -> Route:
    """A new chat, whose first message goes out when the request that is returned goes on."""
    held: list[Route] = []
    chat.page.route("**/chat/attachments", lambda route: held.append(route))
    chat.new()
    chat.attach(("slow.txt", b"Twice a day."))
    chat.write(text)
    chat.wait(lambda: held)
    return held[0]


def test_a_chat_whose_file_takes_long_does_not_end_what_is_read_meanwhile(open_chat: Opener) -> None:
    chat = open_chat()
    chat.ask("Open sim:tokens=5")
    opened = chat.conversation
    slow = begin_with_a_slow_file(chat, "Begun sim:tokens=5")
    begun = chat.conversation
    # In another browser: here one message goes out after the other.
    open_chat(path=f"/c/{opened}").write("Long sim:tokens=4000,rate=40")
    row(chat, opened).get_by_role("link").click()
    expect(chat.running).to_have_count(1)
    slow.continue_()
    chat.wait(lambda: chat.page.evaluate(WAITING) == 0)
    assert chat.stored(begun)[0] == "Begun sim:tokens=5"
    chat.stop.click()
    expect(chat.replies.last).to_contain_text("You stopped this reply.")
    chat.ask("And here sim:tokens=5")
    assert chat.sources() == chat.stored(opened)


def test_a_chat_begun_without_a_connection_does_not_end_what_is_read_after_it(open_chat: Opener) -> None:
    chat = open_chat()
    chat.page.add_init_script(SOCKETS)
    chat.page.reload()
    chat.ask("Open sim:tokens=5")
    opened = chat.conversation
    go_offline(chat.page.context, chat.page.main_frame)
    chat.new()
    chat.write("Begun offline sim:tokens=5")
    begun = chat.conversation
    row(chat, opened).get_by_role("link").click()
    expect(chat.page).to_have_url(re.compile(opened))
    chat.page.context.set_offline(False)
    expect(chat.messages).to_have_count(2)
    chat.wait(lambda: chat.page.evaluate(WAITING) == 0)
    chat.ask("And here sim:tokens=5")
    assert chat.sources() == chat.stored(opened)
    assert chat.stored(begun)[0] == "Begun offline sim:tokens=5"


def test_a_reply_that_another_tab_replaced_meanwhile_is_gone(open_chat: Opener) -> None:
    chat, other = open_chat(), open_chat()
    chat.page.add_init_script(SOCKETS)
    chat.page.reload()
    chat.ask("Again sim:tokens=20")
    go_offline(chat.page.context, chat.page.main_frame)
    other.page.goto(f"/c/{chat.conversation}")
    first = str(other.replies.get_attribute("data-message-id"))
    other.page.get_by_role("button", name="Regenerate").click()
    expect(other.replies).not_to_have_attribute("data-message-id", first)
    other.settle()
    newest = str(other.replies.get_attribute("data-message-id"))
    chat.page.context.set_offline(False)
    expect(chat.page.locator(f'[data-message-id="{newest}"]')).to_be_visible()
    expect(chat.replies).to_have_count(1)
    assert chat.sources() == chat.stored()


def test_a_reply_that_was_read_is_not_new_again_before_the_server_knows(chat: Chat) -> None:
    held: list[Route] = []
    slow = begin_with_a_slow_file(chat, "Slow sim:tokens=5")
    conversation = chat.conversation
    chat.new()
    slow.continue_()
    mark = row(chat, conversation).get_by_label("New reply")
    expect(mark).to_be_visible()
    chat.page.route(f"**/conversations/{conversation}/read", lambda route: held.append(route))
    row(chat, conversation).get_by_role("link").click()
    expect(chat.messages).to_have_count(2)
    chat.wait(lambda: held)
    chat.new()
    expect(mark).to_be_hidden()
    for route in held:
        route.continue_()
