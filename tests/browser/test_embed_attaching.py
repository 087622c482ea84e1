"""Files in the embedded chat: sent by visitors, of whom nothing is stored before their first message."""

from __future__ import annotations

import json

import pytest
from playwright.sync_api import Locator, Route, WebSocketRoute, expect

from tests.browser.conftest import EmbedOpener
from tests.browser.embedded import Embedded
from tests.browser.test_page_attaching import LOADED, PICTURE
from tests.harness.server import Server
from tests.harness.teammate import answer
from tests.media import samples


def stored(server: Server) -> list[object]:
    return [server.rows(f"SELECT count(*) FROM {table}") for table in ("chat_visitor", "chat_attachment")]  # noqa: S608


def picture_in(chat: Embedded) -> Locator:
    return chat.questions.get_by_role("img", name="sea.png")


@pytest.mark.parametrize("on", ["", "shop"])
def test_the_first_message_of_a_visitor_may_be_a_picture(
    open_embed: EmbedOpener, server: Server, on: str
) -> None:
    before = stored(server)
    chat = open_embed(on=on)
    chat.attach(("sea.png", PICTURE))
    expect(chat.chosen).to_have_text("sea.png1 kB")
    assert stored(server) == before
    chat.frame.get_by_role("button", name="Send", exact=True).click()
    expect(chat.replies).to_have_count(1)
    chat.settle()
    assert picture_in(chat).evaluate(LOADED) == 320
    chat.page.reload()
    if on:
        frame = chat.page.wait_for_selector("iframe").content_frame()
        assert frame
        chat.frame = frame
    assert str(picture_in(chat).get_attribute("src")).startswith("/media/chat/attachment/")
    assert picture_in(chat).evaluate(LOADED) == 320


def stale(text: str) -> str:
    """The token of a page that has been open for too long."""
    return text[:-1] + ("A" if text[-1] != "A" else "B")


def test_a_token_that_ended_while_the_page_was_open_is_replaced_before_the_file_is_sent(
    open_embed: EmbedOpener,
) -> None:
    chat = open_embed()
    page = chat.page
    hellos: list[str] = []
    shown: list[str] = []

    def connected(socket: WebSocketRoute) -> None:
        server = socket.connect_to_server()

        def sent(message: str | bytes) -> None:
            frame = json.loads(message)
            if frame["type"] == "hello" and "token" in frame:
                hellos.append(frame["token"])
                frame["token"] = stale(frame["token"])
            server.send(json.dumps(frame))

        socket.on_message(sent)

    def uploaded(route: Route) -> None:
        token = route.request.headers["authorization"]
        shown.append(token)
        if len(shown) == 1:
            token = stale(token)
        route.continue_(headers={**route.request.headers, "authorization": token})

    page.route_web_socket("**/ws/chat/", connected)
    page.route("**/attachments", uploaded)
    page.reload()
    chat.attach(("sea.png", PICTURE))
    chat.frame.get_by_role("button", name="Send", exact=True).click()
    expect(chat.replies).to_have_count(1)
    chat.settle()
    assert picture_in(chat).evaluate(LOADED) == 320
    assert [f"Visitor {one}" for one in hellos] == shown[:1]
    assert len(set(shown)) == len(shown) == 2


def test_a_file_whose_sender_stays_unknown_is_given_up_until_they_ask(open_embed: EmbedOpener) -> None:
    chat = open_embed()
    shown: list[str] = []

    def uploaded(route: Route) -> None:
        shown.append(route.request.headers["authorization"])
        route.continue_(headers={**route.request.headers, "authorization": stale(shown[-1])})

    chat.page.route("**/attachments", uploaded)
    chat.attach(("sea.png", PICTURE))
    chat.write("Look sim:tokens=5")
    refusal = chat.frame.get_by_role("group", name="Not sent")
    expect(refusal).to_contain_text("This browser is no longer known here.")
    assert len(shown) == 2
    chat.ask("Without sim:tokens=5")
    chat.page.unroute("**/attachments")
    refusal.get_by_role("button", name="Retry").click()
    expect(chat.replies).to_have_count(2)
    chat.settle()
    assert picture_in(chat).evaluate(LOADED) == 320


def test_a_form_comes_before_the_first_file(open_embed: EmbedOpener, server: Server) -> None:
    field = {"name": "email", "label": "E-mail", "type": "email", "required": True}
    chat = open_embed(form={"fields": [field]})
    before = stored(server)
    expect(chat.form).to_be_visible()
    chat.form.get_by_label("E-mail").fill("a@example.org")
    chat.form.get_by_role("button").click()
    chat.attach(("tides.txt", b"Twice a day."))
    assert stored(server) == before
    chat.ask("Read sim:tokens=5")
    expect(chat.questions.get_by_role("link")).to_have_text("tides.txt1 kB")


def test_what_cannot_be_sent_is_told_at_once(open_embed: EmbedOpener) -> None:
    chat = open_embed()
    chat.attach(("page.svg", samples.SVG), ("large.txt", b"x" * (20 * 1024 * 1024 + 1)))
    expect(chat.complaint).to_contain_text("page.svg is of a type that is not taken.")
    expect(chat.complaint).to_contain_text("large.txt is too large: at most 20 MB are taken.")
    expect(chat.frame.get_by_role("button", name="Send", exact=True)).to_be_disabled()


def test_where_the_owner_wants_no_files_there_is_no_button(open_embed: EmbedOpener) -> None:
    chat = open_embed(options={"enableFileUpload": False})
    expect(chat.composer).to_be_visible()
    expect(chat.attach_button).to_have_count(0)
    chat.composer.fill("字" * 15_000)
    expect(chat.frame.get_by_text("Shorten it, or send it in parts.")).to_be_visible()
    chat.composer.fill("")
    chat.ask("Words sim:tokens=5")


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_files_are_accessible_and_fit_the_narrowest_frame(open_embed: EmbedOpener, scheme: str) -> None:
    chat = open_embed(browser={"viewport": {"width": 280, "height": 640}, "color_scheme": scheme})
    chat.attach(("a-very-long-name-of-a-picture-of-the-sea.png", PICTURE), ("plan.pdf", samples.PDF))
    expect(chat.chosen).to_have_count(2)
    assert chat.violations() == []
    chat.ask("Both sim:tokens=5")
    assert chat.violations() == []
    for one in ("document.documentElement", "document.querySelector('#scroller')"):
        assert chat.frame.evaluate(f"{one}.scrollWidth - {one}.clientWidth") <= 0


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_files_of_a_teammates_answer_appear_at_once_and_after_a_reload(
    open_embed: EmbedOpener, server: Server, scheme: str
) -> None:
    chat = open_embed(browser={"viewport": {"width": 390, "height": 720}, "color_scheme": scheme})
    chat.ask("Where is it? sim:tokens=5")
    answer(server, chat.shown, ("sea.png", PICTURE), ("plan.pdf", samples.PDF))
    written = chat.replies.nth(1)
    for _ in range(2):
        expect(written.get_by_role("heading")).to_have_text("Fern said")
        image = written.get_by_role("img", name="sea.png")
        assert image.evaluate(LOADED) == 320
        assert str(image.get_attribute("src")).startswith("/media/chat/attachment/")
        expect(written.get_by_role("link", name="plan.pdf")).to_have_text("plan.pdf1 kB")
        expect(written.get_by_role("button")).to_have_count(0)
        chat.wait(lambda: chat.scrolled() < 5)
        assert chat.violations() == []
        chat.page.reload()
