"""The form before the first message."""

from __future__ import annotations

import json

from playwright.sync_api import expect

from tests.browser.conftest import EmbedOpener
from tests.browser.embedded import make_web_chat
from tests.harness.server import Server

FIELDS = [
    {"name": "name", "label": "Name", "type": "text"},
    {"name": "email", "label": "E-mail", "type": "email", "required": True},
    {
        "name": "topic",
        "label": "Topic",
        "type": "select",
        "options": ["Returns", "Repairs"],
        "required": True,
    },
    {"name": "news", "label": "Send me news", "type": "checkbox"},
]
FORM = {
    "fields": FIELDS,
    "consent": {"text": "I agree to the privacy notice.", "url": "https://example.com/privacy"},
}


def test_what_is_wrong_is_said_under_its_field_and_the_rest_goes_with_the_first_message(
    open_embed: EmbedOpener, server: Server
) -> None:
    chat = open_embed(form=FORM)
    form = chat.form
    expect(form).to_be_visible()
    expect(chat.frame.get_by_text("A short form first")).to_be_visible()
    expect(chat.composer).to_be_hidden()
    email = form.get_by_label("E-mail")
    email.fill("rider@example")
    form.get_by_role("button", name="Start chatting").click()
    expect(email).to_be_focused()
    expect(email).to_have_attribute("aria-invalid", "true")
    expect(email).to_have_accessible_description("Enter a full address, like name@example.org")
    expect(form.get_by_label("Topic")).to_have_accessible_description("Fill this in")
    expect(form.get_by_label("I agree")).to_have_accessible_description("Tick this to go on")
    link = form.get_by_role("link", name="Read the terms")
    expect(link).to_have_attribute("href", "https://example.com/privacy")

    form.get_by_label("Name").fill("Ada")
    email.fill("ada@example.org")
    email.press("Tab")
    expect(email).to_have_accessible_description("")
    form.get_by_label("Topic").select_option("Repairs")
    form.get_by_label("Send me news").check()
    form.get_by_label("I agree").check()
    form.get_by_role("button", name="Start chatting").click()
    expect(form).to_be_hidden()
    expect(chat.frame.get_by_text("Usually replies at once")).to_be_visible()
    expect(chat.composer).to_be_focused()
    assert server.rows("SELECT count(*) FROM chat_contact WHERE email = 'ada@example.org'") == [(0,)]
    chat.ask("Hello sim:tokens=5")
    [(name, profile)] = server.rows("SELECT name, profile FROM chat_contact WHERE email = 'ada@example.org'")
    assert name == "Ada"
    answers = json.loads(profile) if isinstance(profile, str) else profile
    assert answers["fields"] == {"topic": "Repairs", "news": True}
    assert answers["consent"]["text"] == "I agree to the privacy notice."

    chat.page.reload()
    expect(chat.messages).to_have_count(2)
    expect(chat.form).to_be_hidden()


def test_what_the_server_does_not_take_is_asked_again_and_the_message_is_not_lost(
    open_embed: EmbedOpener, server: Server
) -> None:
    web_chat = make_web_chat(server, form={"fields": [FIELDS[0]]})["id"]
    chat = open_embed(web_chat=web_chat)
    stricter = json.dumps({"fields": [{**FIELDS[0], "required": True}]})
    server.execute("UPDATE chat_webchat SET form = ? WHERE id = ?", stricter, web_chat.replace("-", ""))
    chat.form.get_by_role("button", name="Start chatting").click()
    chat.write("Hello sim:tokens=5")
    expect(chat.form.get_by_role("alert")).to_have_text("Fill in “Name” before you write.")
    chat.form.get_by_label("Name").fill("Ada")
    chat.form.get_by_role("button", name="Start chatting").click()
    expect(chat.replies).to_have_count(1)
    chat.settle()
    assert len(chat.stored(chat.shown)) == 2


def test_what_the_site_has_signed_is_not_asked(open_embed: EmbedOpener, server: Server) -> None:
    made = make_web_chat(server, form={"fields": FIELDS[:2]}, persons={"ada": {"email": "ada@example.com"}})
    chat = open_embed(
        web_chat=made["id"], on="shop", config={"opened": True, "identity": made["signed"]["ada"]}
    )
    expect(chat.form.get_by_label("Name")).to_be_visible()
    expect(chat.form.get_by_label("E-mail")).to_be_hidden()
    chat.form.get_by_role("button", name="Start chatting").click()
    chat.ask("Hello sim:tokens=5")


def test_a_message_of_the_page_around_waits_for_the_form(open_embed: EmbedOpener) -> None:
    chat = open_embed(form={"fields": [FIELDS[0]]}, on="shop", config={"opened": True})
    chat.hear("ready")
    chat.order("send", id="1", content="From the page sim:tokens=5")
    chat.order("focus")
    expect(chat.form.get_by_label("Name")).to_be_focused()
    assert chat.heard("done") == []
    chat.form.get_by_role("button", name="Start chatting").click()
    assert "error" not in chat.hear("done")
    chat.settle()
