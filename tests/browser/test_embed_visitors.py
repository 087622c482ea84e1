"""What a site's page says of its visitor: whose contact they are, who they are, what they may draw on."""

from __future__ import annotations

import json
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, expect

from tests.browser.embedded import make_web_chat
from tests.browser.host_pages import FIELD, HostPages, Visit, Widget, script_tag
from tests.harness.server import Server

#: What the contact may draw on, what the page asks for, and what both allow.
ALLOWED = {"knowledge_bases": [{"knowledge_base_id": "a", "chatbot_file_ids": ["1", "2"], "faq_ids": []}]}
ASKED = {
    "knowledge_bases": [
        {"knowledge_base_id": "a", "chatbot_file_ids": ["2", "3"], "faq_ids": []},
        {"knowledge_base_id": "b", "has_user_selected_all": "True"},
    ]
}
BOTH = {"knowledge_bases": [{"knowledge_base_id": "a", "chatbot_file_ids": ["2"], "faq_ids": []}]}


def test_what_is_begun_belongs_to_the_contact_and_what_was_before_is_not_shown(
    chromium: Browser, server: Server, hosts: HostPages
) -> None:
    made = make_web_chat(server, contact={"name": "Ada"})
    address = hosts.page("shop", FIELD + script_tag(server, made["id"], contact_id=made["contact"]))
    for number in (1, 2):
        context = chromium.new_context()
        page = context.new_page()
        page.goto(address)
        widget = Widget(page, server)
        widget.open()
        expect(widget.chat.get_by_role("heading", name="What would you like to know?")).to_be_visible()
        widget.chat.get_by_role("button", name="More", exact=True).click()
        widget.chat.get_by_role("menuitem", name="Your conversations").click()
        expect(widget.chat.get_by_text("Your conversations will appear here.")).to_be_visible()
        widget.chat.get_by_role("button", name="Back to the chat").click()
        expect(widget.questions).to_have_count(0)
        widget.ask("Hello sim:tokens=5")
        assert server.rows(
            "SELECT count(*) FROM chat_conversation WHERE contact_id = ?", made["contact"].replace("-", "")
        ) == [(number,)]
        context.close()


def same_site(hosts: HostPages, body: str) -> str:
    """The address of a page beside the chat's own: there the browser tells one tab what another keeps."""
    return hosts.page("shop", FIELD + body).replace("shop.localhost", "127.0.0.1")


def test_another_contact_at_the_same_browser_sees_and_writes_nothing_of_the_one_before(
    context: BrowserContext, server: Server, hosts: HostPages
) -> None:
    """Nor does a stranger, before or after; on the next page, or in another tab that is open still."""
    ada, bob = (make_web_chat(server, contact={"name": name}) for name in ("Ada", "Bob"))
    page = context.new_page()
    for contact in ("", ada["contact"], bob["contact"], "", ada["contact"]):
        page.goto(same_site(hosts, script_tag(server, ada["id"], contact_id=contact)))
        widget = Widget(page, server)
        widget.open()
        expect(widget.chat.get_by_role("heading", name="What would you like to know?")).to_be_visible()
        widget.ask("Mine sim:tokens=5")
        expect(widget.questions).to_have_count(1)
    tab = Widget(context.new_page(), server)
    tab.page.goto(same_site(hosts, script_tag(server, ada["id"], contact_id=bob["contact"])))
    tab.open()
    tab.ask("Mine in another tab sim:tokens=5")
    expect(widget.questions).to_have_count(0)
    widget.ask("Mine again sim:tokens=5")
    expect(tab.questions).to_have_count(0)
    page.reload()
    widget.open()
    expect(widget.questions).to_contain_text(["Mine again"])
    query = "SELECT count(*) FROM chat_conversation WHERE contact_id = ?"
    counts = [server.rows(query, one["contact"].replace("-", "")) for one in (ada, bob)]
    assert counts == [[(3,)], [(2,)]]


def config(server: Server, **options: Any) -> str:
    """The script with these options in the page's own object; ``stored`` is the message it tells of."""
    return f"""<script>window.maiagentChatbotConfig = {json.dumps(options)};</script>{script_tag(server)}
      <script>MaiAgent.events.on("messageSend", (detail) => (window.stored = detail));</script>"""


@pytest.mark.parametrize("name", ["queryMetadata", "query_metadata"])
def test_what_the_page_asks_of_the_knowledge_goes_with_each_message(
    visit: Visit, server: Server, web_chat: str, name: str
) -> None:
    widget = visit(config(server, webChatId=web_chat, **{name: ASKED}))
    for _ in range(2):
        widget.call("MaiAgent.chat.send('Hello sim:tokens=5')")
        assert widget.call("stored.queryMetadata") == ASKED


def test_it_never_gets_more_than_the_contact_may_have(visit: Visit, server: Server) -> None:
    made = make_web_chat(server, contact={"name": "Ada", "query_metadata": ALLOWED})
    options = {"webChatId": made["id"], "contactId": made["contact"], "queryMetadata": ASKED}
    widget = visit(config(server, **options))
    widget.call("MaiAgent.chat.send('Hello sim:tokens=5')")
    assert widget.call("stored.queryMetadata") == BOTH


def test_what_cannot_be_passed_on_shows_no_chat_rather_than_too_much(
    visit: Visit, server: Server, web_chat: str
) -> None:
    options = f"{{webChatId: '{web_chat}', queryMetadata: {{only: () => 'mine'}}}}"
    widget = visit(f"<script>window.parleyConfig = {options};</script>{script_tag(server)}")
    assert widget.call("Parley.chat.send('Hello').catch(({code}) => code)") == "frame_refused"


def test_a_signature_may_stand_in_the_page(visit: Visit, server: Server) -> None:
    made = make_web_chat(server, persons={"ada": {}}, identity_enforced=True)
    widget = visit(script_tag(server, made["id"], identity=made["signed"]["ada"]))
    widget.open()
    expect(widget.chat.get_by_text("Usually replies at once")).to_be_visible()
    widget.ask("Mine sim:tokens=5")


def test_an_element_has_them_as_attributes_and_properties_whenever_they_are_set(
    visit: Visit, server: Server
) -> None:
    made = make_web_chat(server, contact={"name": "Ada"})
    named = f'contact-id="{made["contact"]}" base-url="{server.origin}/web-chats" theme="dark"'
    widget = visit(
        f"""<parley-chat web-chat="{made["id"]}" {named}></parley-chat>
        <script>
          const chat = document.querySelector("parley-chat");
          chat.queryMetadata = {json.dumps(ASKED)};
          chat.addEventListener("messageSend", (event) => (window.stored = event.detail));
        </script>{script_tag(server)}"""
    )
    expect(widget.chat.locator("html")).to_have_attribute("data-theme", "dark")
    widget.ask("Hello sim:tokens=5")
    assert widget.call("stored.queryMetadata") == ASKED
    assert server.rows(
        "SELECT count(*) FROM chat_conversation WHERE contact_id = ?", made["contact"].replace("-", "")
    ) == [(1,)]


def test_an_element_asks_a_function_who_the_visitor_is(visit: Visit, server: Server) -> None:
    made = make_web_chat(server, persons={"ada": {}}, identity_enforced=True)
    widget = visit(
        f"""{script_tag(server)}<script>
          const chat = document.createElement("parley-chat");
          chat.setAttribute("web-chat", "{made["id"]}");
          chat.identity = async () => "{made["signed"]["ada"]}";
          document.body.append(chat);
        </script>"""
    )
    widget.ask("Mine sim:tokens=5")


@pytest.mark.parametrize("way", ["attribute", "option"])
def test_what_it_asks_of_the_knowledge_may_be_json(
    visit: Visit, server: Server, web_chat: str, way: str
) -> None:
    given = json.dumps(ASKED)
    element = f"<parley-chat web-chat='{web_chat}' query-metadata='{given}'></parley-chat>" + script_tag(
        server
    )
    option = script_tag(server, web_chat).replace("></script>", f" data-query-metadata='{given}'></script>")
    widget = visit(FIELD + (element if way == "attribute" else option))
    widget.call("MaiAgent.events.on('messageSend', (detail) => (window.stored = detail))")
    widget.call("MaiAgent.chat.send('Hello sim:tokens=5')")
    widget.page.wait_for_function("'stored' in window")
    assert widget.call("stored.queryMetadata") == ASKED


@pytest.mark.parametrize("given", ["", "everything", "[1]", "7"])
def test_what_says_nothing_of_the_knowledge_shows_no_chat(
    visit: Visit, server: Server, web_chat: str, given: str
) -> None:
    """Left out, answers would use more than the page meant."""
    tag = script_tag(server, web_chat).replace("></script>", f" data-query-metadata='{given}'></script>")
    widget = visit(tag)
    widget.launcher.click()
    expect(widget.panel.get_by_role("status")).to_have_text("The chat cannot be shown on this site.")
    expect(widget.panel.get_by_role("link")).to_be_hidden()
    assert widget.call("MaiAgent.chat.send('Hello').catch(({code}) => code)") == "frame_refused"
