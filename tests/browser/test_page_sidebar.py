from __future__ import annotations

import re
from uuid import uuid4

from playwright.sync_api import expect

from tests.browser.chat import Chat
from tests.browser.conftest import Opener


def menu_of(chat: Chat, title: str) -> None:
    chat.page.get_by_role("button", name=f"More for {title}").click()


def test_a_conversation_is_renamed_in_its_row(open_chat: Opener) -> None:
    chat = open_chat()
    other = open_chat()
    chat.ask("Before sim:tokens=5")
    menu_of(chat, "Before")
    chat.page.get_by_role("menuitem", name="Rename").click()
    title = chat.page.get_by_role("textbox", name="Title")
    expect(title).to_be_focused()
    title.fill("Not this")
    title.press("Escape")
    expect(chat.rows.first).to_contain_text("Before")
    menu_of(chat, "Before")
    chat.page.keyboard.press("Enter")
    title.fill("After, 之後")
    title.press("Enter")
    expect(chat.rows.first).to_have_text("After, 之後")
    expect(chat.page.get_by_role("heading", level=1)).to_have_text(re.compile("After, 之後"))
    expect(other.rows.first).to_have_text("After, 之後")


def test_a_conversation_is_deleted_after_a_question_in_every_tab(open_chat: Opener) -> None:
    chat = open_chat()
    chat.ask("Doomed sim:tokens=5")
    doomed = chat.conversation
    other = open_chat(path=f"/c/{doomed}")
    expect(other.messages).to_have_count(2)
    row = chat.page.locator(f'[data-conversation="{doomed}"]')
    menu_of(chat, "Doomed")
    chat.page.get_by_role("menuitem", name="Delete…").click()
    question = chat.page.get_by_role("dialog", name=re.compile("Delete “Doomed"))
    expect(question).to_contain_text("This cannot be undone.")
    question.get_by_role("button", name="Keep").click()
    expect(row).to_have_count(1)
    menu_of(chat, "Doomed")
    chat.page.get_by_role("menuitem", name="Delete…").click()
    question.get_by_role("button", name="Delete").click()
    expect(row).to_have_count(0)
    expect(chat.page).to_have_url(re.compile(r"/$"))
    expect(chat.messages).to_have_count(0)
    expect(other.page.get_by_text("You no longer have access to this conversation.")).to_be_visible()
    expect(other.composer).to_be_disabled()


def test_a_conversation_that_was_stored_after_its_page_was_asked_for_opens(chat: Chat) -> None:
    """A message that waited may go out while the page is reloaded."""
    chat.ask("Stored meanwhile sim:tokens=5")
    too_early = chat.page.request.get(f"/c/{uuid4()}")
    assert too_early.status == 404
    chat.page.route("**/c/*", lambda route: route.fulfill(response=too_early, status=200))
    chat.page.reload()
    expect(chat.messages).to_have_count(2)


def test_conversations_are_found_by_what_was_said(chat: Chat) -> None:
    chat.ask("A needle in it sim:tokens=5")
    chat.new()
    chat.ask("Hay sim:tokens=5")
    chat.page.keyboard.press("Escape")
    chat.page.get_by_role("heading", level=1).get_by_role("button").focus()
    chat.page.keyboard.press("/")
    search = chat.page.get_by_role("searchbox", name="Search conversations")
    expect(search).to_be_focused()
    chat.page.keyboard.type("needle")
    expect(chat.rows).to_have_count(1)
    expect(chat.rows).to_contain_text("A needle in it")
    search.fill("nothing like it")
    expect(chat.page.get_by_text("Nothing found for “nothing like it”.")).to_be_visible()
    chat.page.get_by_role("button", name="Clear").click()
    expect(chat.rows.first).to_contain_text("Hay")


def test_moving_between_conversations_keeps_drafts_and_history(chat: Chat) -> None:
    chat.ask("First sim:tokens=5")
    first = chat.page.url
    chat.composer.fill("a draft for the first")
    chat.new()
    expect(chat.composer).to_have_value("")
    chat.composer.fill("a draft for a new one")
    chat.page.go_back()
    expect(chat.page).to_have_url(first)
    expect(chat.messages).to_have_count(2)
    expect(chat.composer).to_have_value("a draft for the first")
    chat.page.keyboard.press("Control+j")
    expect(chat.composer).to_have_value("a draft for a new one")
    expect(chat.composer).to_be_focused()
    chat.page.reload()
    expect(chat.composer).to_have_value("a draft for a new one")


def test_a_reply_elsewhere_is_marked_busy_and_then_unread(chat: Chat) -> None:
    chat.write("Slow sim:tokens=400,rate=30")
    expect(chat.running).to_have_count(1)
    slow = chat.page.locator(f'[data-conversation="{chat.conversation}"]')
    chat.new()
    expect(slow.get_by_label("Replying")).to_be_visible()
    expect(slow.get_by_label("New reply")).to_be_visible(timeout=60_000)
    expect(slow.get_by_label("Replying")).to_be_hidden()
    slow.get_by_role("link").click()
    expect(chat.messages).to_have_count(2)
    chat.new()
    chat.page.reload()
    expect(slow).to_be_visible()
    expect(slow.get_by_label("New reply")).to_be_hidden()


def test_a_menu_is_used_with_the_keyboard(chat: Chat) -> None:
    chat.ask("Keys sim:tokens=5")
    button = chat.page.get_by_role("button", name="More for Keys")
    button.focus()
    chat.page.keyboard.press("Enter")
    expect(chat.page.get_by_role("menuitem", name="Rename")).to_be_focused()
    chat.page.keyboard.press("ArrowDown")
    expect(chat.page.get_by_role("menuitem", name="Delete…")).to_be_focused()
    chat.page.keyboard.press("r")
    expect(chat.page.get_by_role("menuitem", name="Rename")).to_be_focused()
    chat.page.keyboard.press("Escape")
    expect(chat.page.get_by_role("menu")).to_be_hidden()
    expect(button).to_be_focused()


def test_an_unknown_conversation_says_so_and_offers_a_new_chat(open_chat: Opener) -> None:
    chat = open_chat(path="/c/00000000-0000-4000-8000-000000000000", missing=True)
    expect(chat.page.get_by_text("You no longer have access to this conversation.")).to_be_visible()
    chat.page.get_by_role("button", name="New chat").click()
    expect(chat.page).to_have_url(re.compile(r"/$"))
    expect(chat.composer).to_be_enabled()
