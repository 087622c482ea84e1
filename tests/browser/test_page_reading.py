from __future__ import annotations

from playwright.sync_api import expect

from tests.browser.chat import Chat
from tests.browser.conftest import Opener

#: Where it is when it no longer moves.
PLACE = """async scroller => {
  for (let place, still = 0; still < 3; place = scroller.scrollTop) {
    await new Promise(requestAnimationFrame);
    still = scroller.scrollTop === place ? still + 1 : 0;
  }
  return scroller.scrollTop;
}"""


def wheel(chat: Chat, down: int) -> None:
    chat.page.locator("#scroller").hover()
    chat.page.mouse.wheel(0, down)


def test_the_page_follows_a_reply_until_the_reader_scrolls_up(chat: Chat) -> None:
    chat.write("Long sim:tokens=2000,rate=120")
    chat.wait(lambda: chat.page.locator("#scroller").evaluate("one => one.scrollTop") > 300)
    chat.wait(lambda: chat.scrolled() < 5)
    wheel(chat, -250)
    expect(chat.jump).to_be_visible()
    place = chat.page.locator("#scroller").evaluate(PLACE)
    length = len(chat.sources()[-1])
    chat.wait(lambda: len(chat.sources()[-1]) > length + 500)
    assert abs(chat.page.locator("#scroller").evaluate("one => one.scrollTop") - place) < 2
    chat.jump.click()
    expect(chat.jump).to_be_hidden()
    chat.settle()
    chat.wait(lambda: chat.scrolled() < 5)


def test_following_resumes_when_the_reader_comes_back_to_the_end(chat: Chat) -> None:
    chat.write("Long sim:tokens=2000,rate=120")
    chat.wait(lambda: chat.page.locator("#scroller").evaluate("one => one.scrollTop") > 300)
    wheel(chat, -250)
    expect(chat.jump).to_be_visible()
    chat.wait(lambda: (wheel(chat, 100_000), chat.jump.is_hidden())[1])  # the end moves away meanwhile
    chat.settle()
    chat.wait(lambda: chat.scrolled() < 5)


def test_older_messages_come_without_moving_what_is_read(chat: Chat) -> None:
    for number in range(25):
        chat.write(f"Question {number} sim:tokens=12")
    expect(chat.replies).to_have_count(25, timeout=60_000)
    chat.settle(within=60)
    chat.page.reload()
    expect(chat.messages).to_have_count(40)
    reading = chat.questions.filter(has_text="Question 6 ")
    reading.scroll_into_view_if_needed()
    before = reading.bounding_box()
    expect(chat.messages).to_have_count(50)
    after = reading.bounding_box()
    assert before
    assert after
    assert abs(before["y"] - after["y"]) < 2
    assert chat.sources() == chat.stored()


def test_a_copied_reply_is_its_markdown(open_chat: Opener) -> None:
    chat = open_chat(permissions=["clipboard-read", "clipboard-write"])
    chat.ask("Copy sim:tokens=120,seed=3")
    chat.page.get_by_role("button", name="Copy reply").click()
    chat.wait(lambda: chat.page.evaluate("navigator.clipboard.readText()") == chat.sources()[-1])


def test_a_thumb_is_kept_and_can_be_taken_back(chat: Chat) -> None:
    chat.ask("Rate me sim:tokens=5")
    good = chat.page.get_by_role("button", name="Good reply")
    good.click()
    expect(good).to_have_attribute("aria-pressed", "true")
    chat.page.reload()
    expect(good).to_have_attribute("aria-pressed", "true")
    good.click()
    expect(good).to_have_attribute("aria-pressed", "false")
    chat.page.reload()
    expect(good).to_have_attribute("aria-pressed", "false")


def test_a_poor_reply_can_be_given_reasons(chat: Chat) -> None:
    chat.ask("Rate me sim:tokens=5")
    poor = chat.page.get_by_role("button", name="Poor reply")
    poor.click()
    expect(poor).to_have_attribute("aria-pressed", "true")
    form = chat.page.get_by_role("form", name="What was wrong?")
    form.get_by_role("button", name="Incomplete").click()
    form.get_by_role("textbox", name="Tell us more").fill("Half of it is missing.")
    form.get_by_role("button", name="Send feedback").click()
    expect(chat.page.get_by_text("Thank you. Your feedback was sent.").first).to_be_visible()
    expect(form).to_have_count(0)
    expect(poor).to_be_focused()
    [(suggestion,)] = chat.server.rows(
        "SELECT f.suggestion FROM chat_feedback f JOIN chat_message m ON m.id = f.message_id "
        "WHERE m.conversation_id = ? AND f.type = 'dislike'",
        chat.conversation.replace("-", ""),
    )
    assert suggestion == "Incomplete\nHalf of it is missing."


def test_a_screen_reader_hears_sentences_and_the_end(chat: Chat) -> None:
    chat.page.evaluate(
        "window.heard = []; new MutationObserver(() => heard.push(announcer.textContent))"
        ".observe(announcer, {childList: true, characterData: true, subtree: true})"
    )
    chat.ask("Speak sim:tokens=300,rate=100,seed=5")
    chat.wait(lambda: "Reply finished" in chat.page.evaluate("heard.join('|')"))
    heard = [line for line in chat.page.evaluate("heard") if line]
    assert heard[0].endswith("is replying")
    assert len(heard) <= 8
    assert not any("```" in line or "**" in line for line in heard)
