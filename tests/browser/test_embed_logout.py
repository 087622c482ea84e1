"""Who logs out on a site is forgotten by its chat, however the page says so, open or not."""

from __future__ import annotations

from typing import Any

import pytest
from playwright.sync_api import BrowserContext, expect

from tests.browser.embedded import make_web_chat
from tests.browser.host_pages import FIELD, HostPages, Widget, script_tag
from tests.browser.test_embed_keeping import NO_COOKIES, NO_STORAGE
from tests.harness.server import Server


@pytest.fixture(scope="module")
def known(server: Server) -> dict[str, Any]:
    """A web chat whose site signs who Ada is."""
    return make_web_chat(server, persons={"ada": {}, "bob": {}})


@pytest.fixture
def ada(context: BrowserContext, server: Server, hosts: HostPages, known: dict[str, Any]) -> Widget:
    """The page after Ada has written."""
    widget = ada_in(context, server, hosts, known)
    widget.ask("Mine sim:tokens=5")
    return widget


def ada_in(
    context: BrowserContext,
    server: Server,
    hosts: HostPages,
    known: dict[str, Any],
    host: str = "shop.localhost",
) -> Widget:
    """A tab with a page that was built for Ada."""
    page = context.new_page()
    address = hosts.page("shop", FIELD + configured(server, known, f"'{known['signed']['ada']}'"))
    page.goto(address.replace("shop.localhost", host))
    widget = Widget(page, server)
    widget.open()
    return widget


def conversations_of(server: Server, known: dict[str, Any], person: str) -> int:
    query = """SELECT count(*) FROM chat_conversation c
      JOIN chat_contactinbox p ON p.contact_id = c.contact_id
      JOIN chat_webchat w ON w.inbox_id = p.inbox_id WHERE w.id = ? AND p.source_id = ?"""
    count: int = server.rows(query, known["id"].replace("-", ""), person)[0][0]
    return count


def configured(server: Server, known: dict[str, Any], identity: str = "", then: str = "") -> str:
    """The script with this identity, an expression."""
    given = f", identity: {identity}" if identity else ""
    return f"""<script>window.parleyConfig = {{webChatId: "{known["id"]}"{given}}};</script>
      {script_tag(server)}<script>{then}</script>"""


def questions_after_another(widget: Widget) -> int:
    """What is shown once the next one has written: one message, unless they write below what was there."""
    widget.open()
    expect(widget.page.locator("parley-launcher .notice")).to_be_hidden()
    widget.composer.fill("Next sim:tokens=5")
    widget.chat.get_by_role("button", name="Send", exact=True).click()
    following = "xpath=following::*[@data-message-type='outgoing']"
    expect(widget.questions.filter(has_text="Next").locator(following)).to_have_count(1)
    expect(widget.chat.locator("[data-reply-state]")).to_have_count(0, timeout=30_000)
    return widget.questions.count()


@pytest.mark.parametrize("identity", ["''", "null", "undefined", "() => null", "async () => ''", "7 > 8"])
def test_a_page_that_says_nobody_is_logged_in_shows_nothing_of_before(
    ada: Widget, server: Server, hosts: HostPages, known: dict[str, Any], identity: str
) -> None:
    ada.page.goto(hosts.page("shop", FIELD + configured(server, known, identity)))
    assert questions_after_another(ada) == 1


def test_so_does_an_empty_attribute(
    ada: Widget, server: Server, hosts: HostPages, known: dict[str, Any]
) -> None:
    tag = script_tag(server, known["id"]).replace("></script>", ' data-identity=""></script>')
    ada.page.goto(hosts.page("shop", FIELD + tag))
    assert questions_after_another(ada) == 1


def test_a_page_that_says_nothing_of_it_shows_what_was_there(
    ada: Widget, server: Server, hosts: HostPages, known: dict[str, Any]
) -> None:
    ada.page.goto(hosts.page("shop", FIELD + configured(server, known)))
    assert questions_after_another(ada) == 2


def test_clearing_it_before_the_chat_is_open_forgets_too(
    ada: Widget, server: Server, hosts: HostPages, known: dict[str, Any]
) -> None:
    signed = f"'{known['signed']['ada']}'"
    page = configured(server, known, signed, "MaiAgent.identity.clear();")
    ada.page.goto(hosts.page("shop", FIELD + page))
    assert questions_after_another(ada) == 1


def test_clearing_it_while_the_page_still_asks_is_what_counts(
    ada: Widget, server: Server, hosts: HostPages, known: dict[str, Any]
) -> None:
    slow = "() => new Promise((resolve) => (window.sign = resolve))"
    ada.page.goto(hosts.page("shop", FIELD + configured(server, known, slow)))
    ada.launcher.click()
    ada.page.wait_for_function("'sign' in window")
    ada.call(f"MaiAgent.identity.clear(), sign('{known['signed']['ada']}')")
    ada.call("MaiAgent.control.close()")
    assert questions_after_another(ada) == 1


def test_the_next_page_knows_of_it_though_the_chat_was_not_open(
    ada: Widget, server: Server, hosts: HostPages, known: dict[str, Any]
) -> None:
    ada.page.goto(hosts.page("shop", FIELD + configured(server, known)))
    expect(ada.launcher).to_be_visible()
    ada.call("MaiAgent.identity.clear()")
    ada.page.goto(hosts.page("shop", FIELD + configured(server, known)))
    assert questions_after_another(ada) == 1


def test_an_identity_that_cannot_be_had_forgets_nobody(
    ada: Widget, server: Server, hosts: HostPages, known: dict[str, Any]
) -> None:
    failing = "async () => { throw new Error('away'); }"
    ada.page.goto(hosts.page("shop", FIELD + configured(server, known, failing)))
    assert questions_after_another(ada) == 2


@pytest.mark.parametrize(
    ("host", "script"),
    [("127.0.0.1", ""), ("shop.localhost", ""), ("shop.localhost", NO_STORAGE + NO_COOKIES)],
    ids=["storage", "cookie", "host"],
)
def test_who_logs_out_in_one_tab_has_logged_out_in_the_other(
    context: BrowserContext, server: Server, hosts: HostPages, known: dict[str, Any], host: str, script: str
) -> None:
    """The other was built for them, and says so whenever it is asked."""
    context.add_init_script(script)
    before = conversations_of(server, known, "ada")
    one = ada_in(context, server, hosts, known, host)
    one.ask("Mine sim:tokens=5")
    other = ada_in(context, server, hosts, known, host)
    expect(other.questions.filter(has_text="Mine")).to_have_count(1)
    one.call("MaiAgent.identity.clear()")
    expect(one.questions).to_have_count(0)
    one.ask("Next sim:tokens=5")
    expect(other.questions).to_have_count(0)
    other.ask("Next here sim:tokens=5")
    expect(other.questions).to_have_count(1)
    one.ask("Still next sim:tokens=5")
    expect(one.questions.filter(has_text="Mine")).to_have_count(0)
    assert conversations_of(server, known, "ada") == before + 1


def test_of_a_signature_that_does_not_hold_nothing_becomes_another_persons(
    ada: Widget, server: Server, hosts: HostPages, known: dict[str, Any]
) -> None:
    """Bob writes, whom the server does not take for Bob; then comes somebody for whom the site signs well."""
    before = conversations_of(server, known, "ada")
    head, claims, _ = known["signed"]["bob"].split(".")
    refused = configured(server, known, f"'{head}.{claims}.{'x' * 43}'")
    ada.page.goto(hosts.page("shop", FIELD + refused))
    assert questions_after_another(ada) == 1
    assert conversations_of(server, known, "ada") == before
    signed = f"'{known['signed']['ada']}'"
    ada.page.goto(hosts.page("shop", FIELD + configured(server, known, signed)))
    assert questions_after_another(ada) == 1
    assert conversations_of(server, known, "ada") == before + 1
    ada.page.goto(hosts.page("shop", FIELD + refused))
    assert questions_after_another(ada) == 1
    visitors = "SELECT count(*) FROM chat_visitor WHERE web_chat_id = ?"
    [(count,)] = server.rows(visitors, known["id"].replace("-", ""))
    ada.page.goto(hosts.page("shop", FIELD + configured(server, known, "''")))
    assert questions_after_another(ada) == 1
    assert server.rows(visitors, known["id"].replace("-", "")) == [(count + 1,)], "nor Bob's, logged out"
