from __future__ import annotations

import pytest
from playwright.sync_api import expect

from tests.browser.chat import Chat
from tests.browser.conftest import Opener

PHONE = {"viewport": {"width": 375, "height": 740}, "has_touch": True, "is_mobile": True}


def test_on_a_phone_the_sidebar_is_a_drawer_that_holds_the_focus(open_chat: Opener) -> None:
    chat = open_chat(**PHONE)
    chat.ask("Phone sim:tokens=5")
    opener = chat.page.get_by_role("button", name="Conversations")
    opener.tap()
    expect(chat.page.get_by_role("button", name="Close sidebar")).to_be_focused()
    assert chat.page.locator("#chat").evaluate("one => one.inert")
    chat.page.keyboard.press("Escape")
    expect(opener).to_be_focused()
    assert not chat.page.locator("#chat").evaluate("one => one.inert")
    opener.tap()
    chat.rows.first.tap()
    expect(chat.messages).to_have_count(2)
    expect(chat.page.locator("#sidebar")).not_to_be_in_viewport()


def test_on_a_phone_the_title_has_the_room_between_the_buttons(open_chat: Opener) -> None:
    chat = open_chat(**PHONE)
    chat.ask("What the head of this conversation says sim:tokens=5")
    room = chat.page.get_by_role("heading", level=1).bounding_box()
    assert room
    assert room["width"] > 200


@pytest.mark.parametrize("width", [280, 320, 375, 768, 1100, 1440])
def test_nothing_scrolls_sideways(open_chat: Opener, width: int) -> None:
    chat = open_chat(viewport={"width": width, "height": 700})
    chat.ask("Wide " + "w" * 300 + " sim:tokens=600,seed=2")
    for one in ("document.documentElement", "document.querySelector('#scroller')"):
        assert chat.page.evaluate(f"{one}.scrollWidth - {one}.clientWidth") <= 0


def test_enter_in_an_input_method_does_not_send(chat: Chat) -> None:
    chat.composer.fill("注音")
    composing = (
        "new KeyboardEvent('keydown', {key: 'Enter', isComposing: true, bubbles: true, cancelable: true})"
    )
    assert chat.composer.evaluate(f"field => field.dispatchEvent({composing})")
    expect(chat.composer).to_have_value("注音")
    expect(chat.messages).to_have_count(0)
    chat.composer.press("Shift+Enter")
    expect(chat.composer).to_have_value("注音\n")
    chat.composer.press("Enter")
    expect(chat.questions).to_have_count(1)
    chat.settle()


def test_a_chosen_theme_does_not_wait_for_the_application(open_chat: Opener) -> None:
    chat = open_chat(color_scheme="light")
    chat.page.get_by_role("button", name="Account").click()
    chat.page.get_by_role("menuitemradio", name="Dark").click()
    expect(chat.page.locator("html")).to_have_attribute("data-theme", "dark")
    chat.page.route("**/chat/app*.js", lambda route: route.fulfill(body="", content_type="text/javascript"))
    chat.page.reload()
    expect(chat.page.locator("html")).to_have_attribute("data-theme", "dark")
    chat.page.unroute("**/chat/app*.js")
    chat.page.reload()
    chat.page.get_by_role("button", name="Account").click()
    expect(chat.page.get_by_role("menuitemradio", name="Dark")).to_have_attribute("aria-checked", "true")
    chat.page.get_by_role("menuitemradio", name="System").click()
    expect(chat.page.locator("html")).not_to_have_attribute("data-theme", "dark")
