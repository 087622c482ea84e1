"""How the embedded chat looks, as far as numbers say it: colours that can be read, sizes, accessibility."""

from __future__ import annotations

from typing import Any

import pytest
from playwright.sync_api import expect

from tests.browser.chat import violations_in
from tests.browser.conftest import EmbedOpener
from tests.browser.host_pages import Visit
from tests.harness.server import Server

FORM = {
    "fields": [
        {"name": "name", "label": "Name", "type": "text"},
        {"name": "email", "label": "E-mail", "type": "email", "required": True},
        {"name": "topic", "label": "Topic", "type": "select", "options": ["Returns", "Repairs"]},
    ],
    "consent": {"text": "I agree to the privacy notice.", "url": "https://example.com/privacy"},
}
STARTERS = [
    {"title": "Orders", "text": "Where is my order?"},
    {"title": "Size", "text": "Which size fits me?"},
]
#: Colours as site owners choose them, some of which nobody could read as they are.
THEMES: dict[str, dict[str, Any]] = {
    "as it is": {},
    "pale": {
        "theme": {"primaryColor": "#ffe066", "navbarTextColor": "white", "userMessageTextColor": "#fff"}
    },
    "own planes": {
        "theme": {
            "primaryColor": "rgb(208, 29, 38)",
            "navbarTextColor": "#ffffff",
            "conversationBackgroundColor": "#fff8ef",
            "chatbotMessageBackgroundColor": "#ddeaf6",
            "chatbotMessageTextColor": "#8899aa",
            "userMessageBackgroundColor": "hsl(210 60% 55%)",
            "userMessageTextColor": "#eeeeee",
            "chatbotMessageBackgroundShadowEnabled": True,
            "userMessageBackgroundShadowEnabled": True,
        },
        "darkTheme": {
            "conversationBackgroundColor": "#0f172a",
            "chatbotMessageBackgroundColor": "#1e293b",
            "navbarTextColor": "#111111",
        },
    },
    "in the middle": {"theme": {"conversationBackgroundColor": "#808080", "primaryColor": "grey"}},
    "not colours": {
        "theme": {"primaryColor": "url(x)", "conversationBackgroundColor": "} body { display: none"}
    },
}


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("name", THEMES)
def test_nothing_shown_is_inaccessible(open_embed: EmbedOpener, name: str, scheme: str) -> None:
    chat = open_embed(
        on="shop",
        config={"opened": True},
        browser={"reduced_motion": "reduce"},  # what is half faded in cannot be read yet
        options={"defaultThemeMode": scheme, **THEMES[name]},
        greeting="Hello.",
        starters=STARTERS,
    )
    expect(chat.frame.get_by_role("heading", name="Hello.")).to_be_visible()
    assert chat.violations() == []
    chat.write("Can I exchange a frame? sim:tokens=140,seed=12")
    expect(chat.replies).to_have_count(1)
    chat.settle()
    chat.replies.get_by_role("button", name="Poor reply").click()
    expect(chat.frame.get_by_role("form", name="What was wrong?")).to_be_visible()
    assert chat.violations() == []
    chat.frame.get_by_role("button", name="More", exact=True).click()
    assert chat.violations() == []
    chat.frame.get_by_role("menuitem", name="Your conversations").click()
    expect(chat.rows).to_have_count(1)
    assert chat.violations() == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_button_and_the_panel_are_accessible(visit: Visit, scheme: str) -> None:
    widget = visit(theme=scheme, proactive_message="Can we help?")
    widget.page.emulate_media(reduced_motion="reduce")
    expect(widget.teaser).to_be_visible()
    assert violations_in(widget.page, "parley-launcher") == []
    widget.open()
    expect(widget.chat.get_by_role("heading", name="What would you like to know?")).to_be_visible()
    assert widget.violations() == []
    widget.ask("Can I exchange a frame? sim:tokens=140,seed=12")
    widget.chat.get_by_role("button", name="More", exact=True).click()
    assert widget.violations() == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_form_and_the_errors_are_accessible(open_embed: EmbedOpener, scheme: str) -> None:
    chat = open_embed(form=FORM, browser={"color_scheme": scheme}, options={"defaultThemeMode": "system"})
    chat.form.get_by_role("button", name="Start chatting").click()
    expect(chat.form.get_by_label("E-mail")).to_have_attribute("aria-invalid", "true")
    assert chat.violations() == []
    other = open_embed(browser={"color_scheme": scheme}, options={"defaultThemeMode": "system"})
    other.write("Cut sim:tokens=100,fault=cut_chunked,after=20")
    expect(other.frame.get_by_text("The reply was interrupted", exact=True)).to_be_visible()
    assert other.violations() == []


@pytest.mark.parametrize("width", [280, 320, 380, 768, 1440])
def test_nothing_scrolls_sideways(open_embed: EmbedOpener, width: int) -> None:
    chat = open_embed(browser={"viewport": {"width": width, "height": 600}}, starters=STARTERS)
    for one in ("document.documentElement", "document.querySelector('#scroller')"):
        assert chat.frame.evaluate(f"{one}.scrollWidth - {one}.clientWidth") <= 0
    chat.ask("Wide " + "w" * 300 + " sim:tokens=400,seed=2")
    for one in ("document.documentElement", "document.querySelector('#scroller')"):
        assert chat.frame.evaluate(f"{one}.scrollWidth - {one}.clientWidth") <= 0


def test_the_composer_is_in_view_in_the_lowest_frame(open_embed: EmbedOpener) -> None:
    chat = open_embed(browser={"viewport": {"width": 280, "height": 300}}, starters=STARTERS * 3, form=None)
    expect(chat.composer).to_be_in_viewport(ratio=1)
    chat.ask("Hello sim:tokens=300")
    expect(chat.composer).to_be_in_viewport(ratio=1)


def test_the_colours_stand_before_the_application_comes(open_embed: EmbedOpener) -> None:
    options = {"theme": {"primaryColor": "#0a7a3d"}, "defaultThemeMode": "light"}
    chat = open_embed(options=options, greeting="Hello.")
    color = "getComputedStyle(document.documentElement).getPropertyValue('--color-accent').trim()"
    expect(chat.frame.get_by_role("heading", name="Hello.")).to_be_visible()
    assert chat.frame.evaluate(color) == "#0a7a3d"
    chat.page.route(
        "**/chat/embed/app*.js", lambda route: route.fulfill(body="", content_type="text/javascript")
    )
    chat.page.reload()
    assert chat.frame.evaluate(color) == "#0a7a3d"


def test_the_visitors_choice_of_theme_stays_where_they_have_one(open_embed: EmbedOpener) -> None:
    chat = open_embed(options={"defaultThemeMode": "light"})
    root = chat.frame.locator("html")
    expect(root).to_have_attribute("data-theme", "light")
    chat.frame.get_by_role("button", name="More", exact=True).click()
    chat.frame.get_by_role("menuitemradio", name="Dark").click()
    expect(root).to_have_attribute("data-theme", "dark")
    chat.page.reload()
    expect(root).to_have_attribute("data-theme", "dark")
    chat.frame.get_by_role("button", name="More", exact=True).click()
    chat.frame.get_by_role("menuitemradio", name="System").click()
    chat.page.reload()
    expect(chat.frame.get_by_role("button", name="More", exact=True)).to_be_visible()
    expect(root).not_to_have_attribute("data-theme", "light")


def test_a_picture_that_cannot_be_had_leaves_no_gap(open_embed: EmbedOpener, server: Server) -> None:
    address = f"{server.origin}/media/none.png"
    chat = open_embed(options={"avatar": address, "logo": address, "cover": address}, greeting="Hello.")
    expect(chat.frame.get_by_role("heading", name="Hello.")).to_be_visible()
    expect(chat.frame.locator("[data-picture]")).to_have_count(0)
