"""The embedded chat with third-party cookies allowed and blocked, in each way to embed it, on two sites."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, expect

from tests.browser.embedded import make_web_chat
from tests.browser.host_pages import FIELD, HostPages, Widget, script_tag
from tests.conftest import CHROMIUM, FLAGS
from tests.harness.server import Server
from tests.simulator.process import SimulatorProcess

#: The browser's own setting for the cookies of others.
MODES = {"allowed": 0, "blocked": 1}
SANDBOX = "allow-scripts allow-forms allow-popups"
WAYS = {
    "script": None,
    "iframe": "",
    "sandboxed": f'sandbox="{SANDBOX} allow-same-origin"',
}


@pytest.fixture(scope="module")
def server(simulator: SimulatorProcess, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """The chat on a site of its own, by name, as the hosts are."""
    server = Server(tmp_path_factory.mktemp("data"), simulator.url)
    server.variables["PUBLIC_URL"] = f"http://chat.localhost:{server.port}"
    with server:
        yield server


@pytest.fixture(scope="module", params=MODES)
def browser(
    request: pytest.FixtureRequest, chromium: Browser, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[str, BrowserContext]]:
    """A browser whose owner has chosen so, and with the mode's name."""
    profile: Path = tmp_path_factory.mktemp("profile")
    (profile / "Default").mkdir()
    chosen = {"profile": {"cookie_controls_mode": MODES[request.param]}}
    (profile / "Default" / "Preferences").write_text(json.dumps(chosen))
    context = chromium.browser_type.launch_persistent_context(profile, executable_path=CHROMIUM, args=FLAGS)
    yield request.param, context
    context.close()


def body_of(server: Server, way: str, web_chat: str) -> str:
    chat = f"http://chat.localhost:{server.port}"
    attributes = WAYS[way]
    if attributes is None:
        return FIELD + script_tag(server, web_chat).replace(server.origin, chat)
    frame = f'src="{chat}/web-chats/{web_chat}" title="Chat" width="380" height="640" {attributes}'
    return f"{FIELD}<iframe {frame}></iframe>"


def shown(context: BrowserContext, address: str, server: Server, way: str) -> Widget:
    page = context.new_page()
    page.goto(address)
    widget = Widget(page, server)
    if way == "script":
        widget.launcher.click()
    expect(widget.composer).to_be_visible()
    return widget


@pytest.mark.parametrize("way", WAYS)
def test_it_works_and_knows_the_visitor_again_on_this_site_only(
    browser: tuple[str, BrowserContext], server: Server, hosts: HostPages, way: str
) -> None:
    mode, context = browser
    web_chat = make_web_chat(server)["id"]
    body = body_of(server, way, web_chat)
    bikes = shown(context, hosts.page("bikes", body), server, way)
    assert storage_of(bikes) == ("yes" if mode == "allowed" else "no")
    bikes.ask("On the first site sim:tokens=30")
    bikes.page.reload()
    if way == "script":
        bikes.launcher.click()
    expect(bikes.questions).to_have_count(1)
    expect(bikes.questions).to_contain_text("On the first site")
    expect(bikes.replies).to_have_count(1)
    bikes.ask("And more sim:tokens=5")

    books = shown(context, hosts.page("books", body), server, way)
    expect(books.questions).to_have_count(0)
    books.ask("On the second site sim:tokens=5")
    expect(books.questions).to_have_count(1)
    found = server.rows(
        "SELECT site FROM chat_visitor WHERE web_chat_id = ? ORDER BY site", web_chat.replace("-", "")
    )
    assert found == [(hosts.origin("bikes"),), (hosts.origin("books"),)]
    bikes.page.close()
    books.page.close()


def storage_of(widget: Widget) -> str:
    """Whether the frame may use its storage: what the mode is about."""
    [frame] = widget.frames
    answer: str = frame.evaluate("() => { try { localStorage.length; return 'yes' } catch { return 'no' } }")
    return answer


def test_a_sandbox_without_an_origin_says_that_it_cannot_work(
    browser: tuple[str, BrowserContext], server: Server, hosts: HostPages
) -> None:
    _, context = browser
    web_chat = make_web_chat(server)["id"]
    body = body_of(server, "iframe", web_chat).replace("<iframe", f'<iframe sandbox="{SANDBOX}"')
    page = context.new_page()
    page.goto(hosts.page("bikes", body))
    widget = Widget(page, server)
    expect(widget.chat.get_by_role("heading", name="The chat cannot run in this frame")).to_be_visible()
    expect(widget.composer).to_be_hidden()
    page.close()


@pytest.mark.parametrize(("site", "sent"), [("bikes", False), ("shop.chat", True)])
def test_the_session_of_a_member_has_no_effect_in_the_frame(
    browser: tuple[str, BrowserContext], server: Server, hosts: HostPages, site: str, sent: bool
) -> None:
    """Nor where the site is one with the chat's own, so that the browser sends the cookie."""
    _, context = browser
    session = server.people["alice"]["session"]
    chat = f"http://chat.localhost:{server.port}"
    context.add_cookies([{"name": "sessionid", "value": session, "url": chat}])
    web_chat = make_web_chat(server)["id"]
    page = context.new_page()
    page.goto(hosts.page(site, body_of(server, "script", web_chat)))
    widget = Widget(page, server)
    with page.expect_request(f"{chat}/web-chats/{web_chat}*") as asked:
        widget.launcher.click()
    assert (session in asked.value.all_headers().get("cookie", "")) is sent
    expect(widget.composer).to_be_visible()
    widget.ask("Who am I? sim:tokens=5")
    [(creator,)] = server.rows(
        "SELECT c.created_by FROM chat_conversation c JOIN chat_contact t ON t.id = c.contact_id"
        " JOIN chat_visitor v ON v.contact_id = t.id WHERE v.web_chat_id = ?",
        web_chat.replace("-", ""),
    )
    assert creator.startswith("visitor:")
    page.close()
