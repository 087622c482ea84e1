"""How the page comes back to a server that is away, by the page's own clock."""

from __future__ import annotations

from playwright.sync_api import expect

from tests.browser.conftest import Opener

#: How many tries the page makes quickly, and the longest pause before one of them, in milliseconds.
QUICK, PAUSE = 20, 2000
#: The longest pause of all, and less than any before the tries that come last.
LONGEST, LESS = 30_000, 6000
#: Whoever finds a socket closed finds also what the page did about it.
COUNTED = """
window.begun = window.lost = 0;
window.WebSocket = class extends WebSocket {
  constructor(url) {
    super(url);
    window.begun += 1;
    this.addEventListener("close", () => (window.lost += 1));
  }
};
"""


def test_the_page_tries_often_while_no_server_answers_and_rarely_in_the_end(open_chat: Opener) -> None:
    chat = open_chat()
    page = chat.page
    page.clock.install()
    page.add_init_script(COUNTED)
    page.reload()
    chat.ask("Before sim:tokens=10")
    chat.server.kill()
    expect(page.get_by_text("Reconnecting…")).to_be_visible()
    page.clock.pause_at(page.evaluate("Date.now()") + 10)
    for number, pause in enumerate([PAUSE] * QUICK + [LONGEST] * 8, start=2):
        page.clock.run_for(pause)
        chat.wait(lambda number=number: page.evaluate("window.lost") >= number)
    begun = page.evaluate("window.begun")
    for _ in range(30):
        page.clock.run_for(PAUSE)
        chat.wait(lambda: page.evaluate("window.begun === window.lost"))
    assert page.evaluate("window.begun") - begun <= 30 * PAUSE / LESS
    chat.server.start()
    chat.wait(lambda: page.clock.run_for(1000) or page.evaluate("window.begun > window.lost"), within=60)
    page.clock.resume()
    expect(page.get_by_text("Reconnecting…")).to_be_hidden()
