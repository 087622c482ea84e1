"""The script that sites load, in real pages of another site with the real chat in its frame."""

from __future__ import annotations

import pytest
from playwright.sync_api import Browser, BrowserContext, expect
from playwright.sync_api import Error as PlaywrightError

from tests.browser.embedded import make_web_chat
from tests.browser.host_pages import FIELD, HostPages, Visit, Widget, script_tag
from tests.harness.server import Server

#: Whatever stands in the page pushes what is written at its end, which is seen at the bottom of the window.
FILLED = """<style>body { margin: 0; min-height: 100vh; display: flex; flex-direction: column;
  justify-content: end }</style><h1>Bicycles</h1><p>Three gears, and a bell.</p>"""
#: How far things moved by themselves, as the browser sees it.
SHIFTS = """window.shifts = [];
  window.watch = new PerformanceObserver((list) => shifts.push(...list.getEntries()));
  watch.observe({ type: "layout-shift", buffered: true });"""
SHIFTED = """async () => {
  for (const _ of [1, 2]) await new Promise(requestAnimationFrame);
  return [...shifts, ...watch.takeRecords()].map(({ value, sources }) => [value, sources[0]?.node?.nodeName]);
}"""


def test_nothing_but_the_script_is_fetched_and_nothing_moves_until_the_visitor_opens_it(
    visit: Visit, server: Server, context: BrowserContext
) -> None:
    context.add_init_script(SHIFTS)
    asked: list[str] = []
    context.on("request", lambda request: asked.append(request.url.removeprefix(server.origin)))
    widget = visit(before=FIELD + FILLED)
    expect(widget.launcher).to_have_accessible_name("Open chat")
    widget.page.wait_for_load_state("networkidle")
    assert widget.call(SHIFTED) == []
    assert [one for one in asked if not one.startswith("http://")] == ["/js/embed.min.js"]
    widget.open()
    assert any(one.startswith("/web-chats/") for one in asked)
    assert widget.call(SHIFTED) == []


def test_the_visitor_opens_it_writes_and_closes_it(visit: Visit) -> None:
    widget = visit()
    widget.launcher.focus()
    widget.page.keyboard.press("Enter")
    expect(widget.composer).to_be_focused()
    expect(widget.launcher).to_have_attribute("aria-expanded", "true")
    expect(widget.panel).to_have_accessible_name("Chat")
    widget.ask("Hello sim:tokens=5")
    widget.composer.press("Escape")
    expect(widget.panel).to_be_hidden()
    expect(widget.launcher).to_be_focused()
    expect(widget.launcher).to_have_attribute("aria-expanded", "false")
    widget.open()
    expect(widget.questions).to_have_count(1)


def test_focus_goes_back_to_where_it_was(visit: Visit) -> None:
    widget = visit()
    field = widget.page.get_by_label("Search the shop")
    field.focus()
    widget.call("MaiAgent.control.open()")
    expect(widget.composer).to_be_focused()
    widget.chat.get_by_role("button", name="Close chat").click()
    expect(field).to_be_focused()


def test_calls_before_the_page_is_there_wait_for_it(visit: Visit, server: Server, web_chat: str) -> None:
    calls = """<script>
      window.log = [];
      for (const name of ["ready", "open", "close", "messageSend", "replyStart", "messageReply",
                          "conversationCreated", "error", "unread"])
        MaiAgent.events.on(name, (detail) => log.push([name, detail]));
      window.sent = MaiAgent.chat.send("First sim:tokens=5");
      MaiAgent.control.open();
      window.openAtOnce = MaiAgent.control.isOpen();
    </script>"""
    widget = visit(f"<head>{script_tag(server, web_chat)}{calls}</head>")
    expect(widget.replies).to_have_count(1)
    widget.page.wait_for_function("log.some(([name]) => name === 'messageReply')")
    assert widget.call("openAtOnce") is False
    assert widget.call("MaiAgent.control.isOpen()") is True
    sent = widget.call("sent")
    log = dict(widget.call("log"))
    assert [name for name, _ in widget.call("log")] == [
        *("open", "ready", "conversationCreated", "messageSend", "replyStart", "messageReply")
    ]
    assert log["messageSend"]["id"] == sent["id"]
    assert log["conversationCreated"] == {"conversationId": sent["conversationId"]}
    assert log["messageReply"]["conversationId"] == sent["conversationId"]
    assert log["messageReply"]["type"] == "outgoing"
    assert log["messageReply"]["content"]


def test_subscribers_end_and_their_faults_are_their_own(visit: Visit) -> None:
    widget = visit()
    widget.call(
        """() => {
          window.heard = [];
          window.callback = () => heard.push("ended");
          Parley.events.on("open", callback);
          Parley.events.on("open", () => { throw new Error("the page's own"); });
          Parley.events.on("open", () => heard.push("open"));
          Parley.events.off("open", callback);
          Parley.control.open();
        }"""
    )
    assert widget.call("heard") == ["open"]
    assert widget.call("MaiAgent === Parley") is True


def test_it_tells_of_closing_and_of_what_fails(visit: Visit) -> None:
    widget = visit()
    widget.call(
        """() => {
          window.heard = [];
          for (const name of ["close", "error"])
            Parley.events.on(name, (detail) => heard.push([name, detail?.code]));
        }"""
    )
    widget.open()
    widget.call("Parley.control.close()")
    expect(widget.panel).to_be_hidden()
    assert widget.call("Parley.control.isOpen()") is False
    assert widget.call("Parley.chat.send('x'.repeat(40_000)).catch(({code}) => code)") == "too_large"
    widget.call("Parley.chat.send('Cut sim:tokens=100,fault=cut_chunked,after=20')")
    widget.page.wait_for_function("heard.length === 3")
    assert widget.call("heard") == [["close", None], ["error", "too_large"], ["error", "upstream_cut"]]
    with pytest.raises(PlaywrightError, match="needs a function"):
        widget.call("Parley.events.on('open')")
    assert "needs a string" in widget.call("Parley.chat.send(7).catch(({message}) => message)")


def test_the_page_begins_anew_clears_and_changes_the_language(visit: Visit) -> None:
    widget = visit(lang="en")
    widget.open()
    widget.ask("Hello sim:tokens=5")
    widget.call("MaiAgent.chat.newConversation()")
    expect(widget.questions).to_have_count(0)
    widget.ask("Again sim:tokens=5")
    widget.call("MaiAgent.chat.clearHistory()")
    expect(widget.questions).to_have_count(0)
    assert widget.call("MaiAgent.lang.get()") == "en"
    widget.call("MaiAgent.lang.set('zh-TW')")
    expect(widget.chat.get_by_role("heading", name="想問什麼？")).to_be_visible()
    expect(widget.launcher).to_have_accessible_name("關閉對話")


def test_the_button_looks_as_the_site_wants_it(visit: Visit) -> None:
    for given, shown, symbol in (
        ("rgb(208, 29, 38)", "rgb(208, 29, 38)", "white"),
        ("#ffe680", "rgb(255, 230, 128)", "black"),
        ("rebeccapurple", "rgb(102, 51, 153)", "white"),
    ):
        widget = visit(
            primary_color=given, button_size="48", button_radius="10%", label="Ask us", z_index="7"
        )
        expect(widget.launcher).to_have_css("background-color", shown)
        expect(widget.launcher).to_have_css("width", "48px")
        expect(widget.launcher).to_have_css("border-top-left-radius", "10%")
        expect(widget.launcher).to_have_accessible_name("Ask us")
        expect(widget.corner).to_have_css("z-index", "7")
        lightness = widget.launcher.evaluate("one => getComputedStyle(one).color.match(/[\\d.]+/)[0]")
        assert (float(lightness) > 0.5) is (symbol == "white"), given


def test_numbers_are_pixels(visit: Visit, server: Server, web_chat: str) -> None:
    options = f'{{webChatId: "{web_chat}", buttonSize: 40, buttonRadius: 12}}'
    widget = visit(f"<script>window.parleyConfig = {options};</script>{script_tag(server)}")
    expect(widget.launcher).to_have_css("width", "40px")
    expect(widget.launcher).to_have_css("border-top-left-radius", "12px")


def test_what_makes_no_sense_counts_as_not_set(visit: Visit) -> None:
    widget = visit(primary_color="blau", button_size="big", position="middle", open_after_seconds="soon")
    expect(widget.launcher).to_have_css("width", "56px")
    expect(widget.launcher).to_have_css("background-color", "rgb(44, 86, 176)")
    assert widget.launcher.evaluate("one => innerWidth - one.getBoundingClientRect().right") == 20


@pytest.mark.parametrize("position", ["right", "left", "top-right", "top-left"])
def test_it_stands_in_the_corner_that_the_site_names_and_opens_inside_the_window(
    visit: Visit, position: str
) -> None:
    widget = visit(position=position)
    at = widget.launcher.bounding_box()
    window = widget.page.viewport_size
    assert at
    assert window
    assert (at["x"] < window["width"] / 2) is ("left" in position)
    assert (at["y"] < window["height"] / 2) is ("top" in position)
    widget.open()
    widget.panel.evaluate("one => Promise.all(one.getAnimations().map(one => one.finished))")
    panel = widget.panel.bounding_box()
    assert panel
    assert panel["x"] >= 19
    assert panel["y"] >= 19
    assert panel["x"] + panel["width"] <= window["width"] - 19
    assert panel["y"] + panel["height"] <= window["height"] - 19
    assert at["y"] + at["height"] <= panel["y"] or panel["y"] + panel["height"] <= at["y"]


def test_it_is_dragged_and_found_where_it_was_put(visit: Visit) -> None:
    widget = visit(allow_drag="true")
    box = widget.corner.bounding_box()
    assert box
    mouse = widget.page.mouse
    mouse.move(box["x"] + 20, box["y"] + 20)
    mouse.down()
    mouse.move(300, 200, steps=5)
    mouse.up()
    put = widget.corner.bounding_box()
    assert put
    assert abs(put["x"] + 20 - 300) < 2
    assert abs(put["y"] + 20 - 200) < 2
    expect(widget.panel).to_be_hidden()
    widget.page.reload()
    found = widget.corner.bounding_box()
    assert found
    assert abs(found["x"] - put["x"]) < 2
    assert abs(found["y"] - put["y"]) < 2
    widget.page.set_viewport_size({"width": 500, "height": 400})
    expect(widget.launcher).to_be_in_viewport(ratio=1)
    widget.open()


def test_it_stays_where_it_is_without_leave_to_drag(visit: Visit) -> None:
    widget = visit()
    before = widget.corner.bounding_box()
    assert before
    widget.page.mouse.move(before["x"] + 20, before["y"] + 20)
    widget.page.mouse.down()
    widget.page.mouse.move(300, 200, steps=5)
    widget.page.mouse.up()
    assert widget.corner.bounding_box() == before


def test_it_proposes_something_until_the_visitor_sends_it_away(visit: Visit) -> None:
    widget = visit(proactive_message="Can we help?")
    expect(widget.teaser.get_by_role("button", name="Can we help?")).to_be_visible()
    widget.teaser.get_by_role("button", name="Dismiss").click()
    expect(widget.teaser).to_be_hidden()
    widget.page.reload()
    expect(widget.launcher).to_be_visible()
    expect(widget.teaser).to_be_hidden()
    widget.call("MaiAgent.control.propose('Still there?')")
    widget.teaser.get_by_role("button", name="Still there?").click()
    expect(widget.composer).to_be_visible()
    expect(widget.teaser).to_be_hidden()


def test_it_opens_by_itself_once_and_takes_no_focus(visit: Visit) -> None:
    widget = visit(open_after_seconds="0.2")
    expect(widget.composer).to_be_visible()
    expect(widget.page.get_by_label("Search the shop")).to_be_focused()
    widget.page.reload()
    expect(widget.launcher).to_be_visible()
    assert not widget.call("MaiAgent.control.isOpen()")


def test_on_a_phone_it_proposes_itself_and_lets_the_visitor_type_on(
    chromium: Browser, server: Server, hosts: HostPages, web_chat: str
) -> None:
    context = chromium.new_context(viewport={"width": 390, "height": 700}, has_touch=True)
    page = context.new_page()
    page.goto(hosts.page("shop", FIELD + script_tag(server, web_chat, open_after_seconds="0.2")))
    widget = Widget(page, server)
    expect(widget.teaser.get_by_role("button", name="Open chat")).to_be_visible()
    expect(widget.panel).to_be_hidden()
    expect(page.get_by_label("Search the shop")).to_be_focused()
    widget.teaser.get_by_role("button", name="Open chat").click()
    expect(widget.composer).to_be_visible()
    context.close()


def test_on_a_phone_it_is_a_sheet_that_holds_the_focus(
    chromium: Browser, server: Server, hosts: HostPages, web_chat: str
) -> None:
    context = chromium.new_context(viewport={"width": 390, "height": 700}, has_touch=True)
    page = context.new_page()
    page.goto(hosts.page("shop", FIELD + script_tag(server, web_chat)))
    widget = Widget(page, server)
    widget.open()
    widget.panel.evaluate("one => Promise.all(one.getAnimations().map(one => one.finished))")
    assert widget.panel.bounding_box() == {"x": 0, "y": 0, "width": 390, "height": 700}
    assert page.evaluate(
        "document.querySelector('parley-launcher').shadowRoot.querySelector('dialog:modal') !== null"
    )
    page.set_viewport_size({"width": 1000, "height": 700})
    expect(widget.panel).to_have_attribute("data-sheet", "false")
    expect(widget.launcher).to_be_visible()
    assert page.evaluate(
        "document.querySelector('parley-launcher').shadowRoot.querySelector('dialog:modal') === null"
    )
    expect(widget.composer).to_be_visible()
    page.set_viewport_size({"width": 390, "height": 700})
    expect(widget.panel).to_have_attribute("data-sheet", "true")
    widget.panel.evaluate("one => Promise.all(one.getAnimations().map(one => one.finished))")
    widget.chat.get_by_role("button", name="Close chat").click()
    expect(widget.panel).to_be_hidden()
    context.close()


def test_it_follows_the_visitors_theme_and_wish_for_less_motion(
    visit: Visit, context: BrowserContext
) -> None:
    widget = visit()
    widget.page.emulate_media(color_scheme="dark", reduced_motion="reduce")
    expect(widget.launcher).to_have_css("background-color", "rgb(147, 179, 246)")
    expect(widget.panel).to_have_css("animation-name", "none")
    light = visit(theme="light")
    light.page.emulate_media(color_scheme="dark")
    expect(light.launcher).to_have_css("background-color", "rgb(44, 86, 176)")
    light.open()
    expect(light.chat.locator("html")).to_have_attribute("data-theme", "light")


def test_a_known_visitor_is_known_by_a_function_of_the_sites(visit: Visit, server: Server) -> None:
    made = make_web_chat(server, persons={"ada": {}, "bob": {}}, identity_enforced=True)
    ada, bob = made["signed"]["ada"], made["signed"]["bob"]
    page = f"""<script>
      window.asked = 0;
      window.parleyConfig = {{webChatId: "{made["id"]}", baseUrl: "{server.origin}/web-chats/",
        identity: async () => (asked += 1, "{ada}")}};
    </script>{script_tag(server)}"""
    widget = visit(page)
    widget.open()
    widget.ask("Mine sim:tokens=5")
    assert widget.call("asked") == 1
    widget.call(f"MaiAgent.identity.set('{bob}')")
    expect(widget.questions).to_have_count(0)
    widget.call("MaiAgent.identity.clear()")
    expect(widget.chat.get_by_text("Log in on this site to chat here.")).to_be_visible()


def test_destroying_it_leaves_nothing_and_it_can_come_back(visit: Visit) -> None:
    widget = visit()
    widget.open()
    outcome = widget.call(
        """async () => {
          const sent = MaiAgent.chat.send("never sim:slow");
          MaiAgent.control.destroy();
          return sent.catch((error) => error.code);
        }"""
    )
    assert outcome == "ended"
    expect(widget.page.locator("parley-launcher")).to_have_count(0)
    assert widget.frames == []
    widget.call("document.body.onload()")
    expect(widget.launcher).to_be_visible()
