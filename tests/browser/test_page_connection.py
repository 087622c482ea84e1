"""How the page comes back to a server that is away, by the page's own clock."""

from __future__ import annotations

from playwright.sync_api import WebSocketRoute, expect

from tests.browser.conftest import Opener

#: How many tries the page makes quickly, and the longest pause before one of them, in milliseconds.
QUICK, PAUSE = 20, 2000
#: The longest pause of all, and less than any before the tries that come last.
LONGEST, LESS = 30_000, 6000
#: The page asks a line that often whether it is alive, and so soon people see that it is not.
ASK, SEEN = 15_000, 30_000
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


def test_a_line_that_stays_up_and_says_nothing_is_given_up_within_half_a_minute(open_chat: Opener) -> None:
    chat = open_chat()
    page = chat.page
    deaf = False
    asked = answered = 0

    def connected(line: WebSocketRoute) -> None:
        if deaf:
            return  # it opens, and nobody is there
        server = line.connect_to_server()

        def from_page(frame: str | bytes) -> None:
            nonlocal asked
            if not deaf:
                asked += '"ping"' in str(frame)
                server.send(frame)

        def from_server(frame: str | bytes) -> None:
            nonlocal answered
            if not deaf:
                line.send(frame)
                answered += '"pong"' in str(frame)

        line.on_message(from_page)
        server.on_message(from_server)

    page.clock.install()
    page.route_web_socket("**/ws/chat/", connected)
    page.reload()
    chat.ask("Before sim:tokens=10")
    page.clock.pause_at(page.evaluate("Date.now()") + 10)
    lost = page.get_by_text("Reconnecting…")
    # The page's time must not run on while a server that has time of its own answers.
    for _ in range(2 * ASK // 1000 + 1):
        page.clock.run_for(1000)
        chat.wait(lambda: answered == asked)
    assert asked >= 2
    expect(lost).to_be_hidden()
    deaf = True
    page.clock.run_for(SEEN)
    expect(lost).to_be_visible()
    chat.write("Meanwhile sim:tokens=10")
    deaf = False
    page.clock.resume()
    expect(lost).to_be_hidden(timeout=60_000)
    expect(chat.replies).to_have_count(2)
    chat.settle()
    assert chat.sources() == chat.stored()
