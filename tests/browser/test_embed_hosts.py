"""Host pages that make it hard: strict policies, changed globals, other handlers, sites that may not."""

from __future__ import annotations

import time

import pytest
from playwright.sync_api import BrowserContext, Page, Route, expect

from tests.browser.embedded import make_web_chat
from tests.browser.host_pages import FIELD, HostPages, Widget, script_tag
from tests.harness.server import Server

#: What pages and their libraries have done to the browser's own objects.
HOSTILE = """<script>
  Array.prototype.each = function () {};
  Array.prototype.toJSON = function () { return "array"; };
  Array.from = (list) => [].slice.call(list);
  Object.prototype.extra = "everywhere";
  Object.prototype.error = { code: "polluted", message: "polluted" };
  Object.prototype.identity = "polluted";
  Object.prototype.toJSON = function () { return "object"; };
  String.prototype.strip = Function.prototype.curry = function () {};
  JSON.parse = JSON.stringify = () => { throw new Error("JSON is somebody else's"); };
  window.heard = [];
  window.onmessage = (event) => heard.push("message");
  window.onload = () => heard.push("load");
  window.onresize = () => heard.push("resize");
  window.onkeydown = () => heard.push("keydown");
</script>"""


def opened(context: BrowserContext, address: str, server: Server) -> tuple[Widget, list[str]]:
    """The page, and what its console says of faults."""
    page = context.new_page()
    faults: list[str] = []
    page.on("pageerror", lambda error: faults.append(str(error)))
    page.on("console", lambda line: faults.append(line.text) if line.type == "error" else None)
    page.goto(address)
    return Widget(page, server), faults


def test_a_site_with_a_strict_policy_needs_two_lines_and_no_more(
    context: BrowserContext, hosts: HostPages, server: Server, web_chat: str
) -> None:
    policy = (
        f"default-src 'none'; script-src {server.origin}; frame-src {server.origin}; img-src data:; "
        "base-uri 'none'; object-src 'none'; require-trusted-types-for 'script'"
    )
    tag = script_tag(
        server, web_chat, primary_color="#2f5d43", proactive_message="Can we help?", allow_drag="true"
    )
    address = hosts.page("shop", FIELD + tag, Content_Security_Policy=policy)
    widget, faults = opened(context, address, server)
    expect(widget.teaser).to_be_visible()
    expect(widget.launcher).to_have_css("background-color", "rgb(47, 93, 67)")
    expect(widget.launcher).to_have_css("position", "static")
    widget.open()
    widget.ask("Hello sim:tokens=5")
    assert faults == []


def test_a_page_with_changed_globals_keeps_them_and_its_handlers(
    context: BrowserContext, hosts: HostPages, server: Server, web_chat: str
) -> None:
    tag = script_tag(server).replace("</script>", "<\\/script>")
    page = f"""{HOSTILE}{FIELD}<div id="MaiAgent"></div><script>
      window.parleyConfig = {{webChatId: "{web_chat}", allowDrag: true}};
      document.write('{tag}');
    </script>"""
    widget, faults = opened(context, hosts.page("shop", page), server)
    widget.open()
    assert widget.call("typeof MaiAgent.chat.send") == "function"
    sent = widget.call("MaiAgent.chat.send('Hello sim:tokens=5')")
    assert sent["conversationId"]
    expect(widget.replies).to_have_count(1)
    widget.page.keyboard.press("Tab")
    widget.page.set_viewport_size({"width": 800, "height": 600})
    widget.page.evaluate("postMessage('hello')")
    widget.page.get_by_label("Search the shop").press("a")
    widget.page.wait_for_function(
        "['message', 'load', 'resize', 'keydown'].every((one) => heard.indexOf(one) >= 0)"
    )
    assert widget.call("Array.prototype.toJSON.call([])") == "array"
    assert faults == []


def test_the_page_has_no_new_globals_but_two(
    context: BrowserContext, hosts: HostPages, server: Server, web_chat: str
) -> None:
    page = f"""<script>window.before = Object.getOwnPropertyNames(window);</script>
      <script>window.parleyConfig = {{webChatId: "{web_chat}"}};</script>{script_tag(server)}"""
    widget, _ = opened(context, hosts.page("shop", page), server)
    widget.open()
    added = widget.call("Object.getOwnPropertyNames(window).filter((one) => before.indexOf(one) < 0)")
    frames = {str(number) for number in range(5)}  # a window has its frames under their numbers
    assert set(added) - frames == {"before", "parleyConfig", "MaiAgent", "Parley"}


def test_two_scripts_and_two_configurations_make_one_chat(
    context: BrowserContext, hosts: HostPages, server: Server, web_chat: str
) -> None:
    page = f"""<script>
      window.maiagentChatbotConfig = {{webChatId: "{web_chat}", baseUrl: "{server.origin}/web-chats"}};
      window.parleyConfig = {{webChatId: "another", baseUrl: "{server.origin}/web-chats"}};
    </script>{script_tag(server)}<script>window.first = MaiAgent;</script>{script_tag(server, web_chat)}"""
    widget, faults = opened(context, hosts.page("shop", page), server)
    expect(widget.launcher).to_have_count(1)
    widget.open()
    assert len(widget.frames) == 1
    assert web_chat in widget.frames[0].url
    assert widget.call("first === MaiAgent && MaiAgent === Parley") is True
    widget.page.add_script_tag(url=f"{server.origin}/js/embed.min.js")
    expect(widget.launcher).to_have_count(1)
    assert faults == []


def test_the_handler_of_the_page_for_loading_is_called_once_and_first(
    context: BrowserContext, hosts: HostPages, server: Server, web_chat: str
) -> None:
    page = f"""<body onload="window.order = (window.order || '') + 'page'">
      <script>window.parleyConfig = {{webChatId: "{web_chat}"}};</script>{script_tag(server)}"""
    widget, _ = opened(context, hosts.page("shop", page), server)
    expect(widget.launcher).to_be_visible()
    assert widget.call("order") == "page"
    widget.call("document.body.onload()")
    assert widget.call("order") == "pagepage"
    expect(widget.launcher).to_have_count(1)


def test_a_script_that_is_added_to_a_finished_page_starts_at_once(
    context: BrowserContext, hosts: HostPages, server: Server, web_chat: str
) -> None:
    widget, _ = opened(context, hosts.page("shop", FIELD), server)
    widget.page.add_script_tag(url=f"{server.origin}/js/embed.min.js")
    expect(widget.launcher).to_have_count(0)
    widget.call(
        f"window.maiagentChatbotConfig = {{webChatId: '{web_chat}', baseUrl: '{server.origin}/web-chats'}}"
    )
    widget.page.add_script_tag(url=f"{server.origin}/js/embed.min.js")
    expect(widget.launcher).to_have_count(1)
    widget.open()


def test_a_page_that_adds_the_script_late_calls_the_handler_itself(
    context: BrowserContext, hosts: HostPages, server: Server, web_chat: str
) -> None:
    """As MaiAgent's own examples do, with the configuration before the script or after it."""
    page = FIELD + "<script>window.order = ''; window.onload = () => (order += 'page');</script>"
    widget, faults = opened(context, hosts.page("shop", page), server)
    widget.page.wait_for_function("order === 'page'")
    widget.page.add_script_tag(url=f"{server.origin}/js/embed.min.js")
    widget.call(
        f"window.maiagentChatbotConfig = {{webChatId: '{web_chat}', baseUrl: '{server.origin}/web-chats'}}"
    )
    widget.call("document.body.onload()")
    expect(widget.launcher).to_have_count(1)
    assert widget.call("order") == "pagepage"
    widget.call("MaiAgent.control.destroy()")
    expect(widget.launcher).to_have_count(0)
    widget.call("document.body.onload()")
    expect(widget.launcher).to_have_count(1)
    widget.open()
    assert faults == []


def test_a_page_that_exchanges_its_body_keeps_the_chat(
    context: BrowserContext, hosts: HostPages, server: Server, web_chat: str
) -> None:
    """As libraries do that follow links without loading a page anew."""
    head = f"<head>{script_tag(server, web_chat)}</head>"
    widget, faults = opened(context, hosts.page("shop", head + FIELD), server)
    widget.open()
    widget.ask("Hello sim:tokens=5")
    widget.call("document.body.replaceWith(document.createElement('body'))")
    expect(widget.questions).to_have_count(1)
    assert widget.call("MaiAgent.control.isOpen()") is True
    widget.ask("Again sim:tokens=5")
    assert faults == []


def test_a_site_that_is_not_allowed_is_refused_until_the_list_has_it(
    context: BrowserContext, hosts: HostPages, server: Server
) -> None:
    allowed, other = hosts.origin("allowed"), hosts.origin("shop")
    web_chat = make_web_chat(server, allowed_origins=[allowed])["id"]
    address = hosts.page("shop", FIELD + script_tag(server, web_chat))
    page = context.new_page()
    page.clock.install()
    said: list[str] = []
    page.on("console", lambda line: said.append(line.text) if line.text.startswith("Parley:") else None)
    page.goto(address)
    widget = Widget(page, server)
    page.evaluate("MaiAgent.events.on('error', (detail) => (window.fault = detail))")
    page.evaluate("void (window.sent = MaiAgent.chat.send('Hello').catch((error) => error.code))")
    widget.launcher.click()
    page.wait_for_load_state("networkidle")
    advance_until(page, "window.fault")
    notice = widget.panel.get_by_role("status")
    expect(notice).to_have_text("The chat cannot be shown on this site.")
    expect(widget.panel.get_by_role("link")).to_have_attribute(
        "href", f"{server.origin}/web-chats/{web_chat}"
    )
    assert page.evaluate("fault.code") == "frame_refused"
    assert page.evaluate("sent") == "frame_refused"
    assert len(said) == 1
    assert other in said[0]
    widget.panel.get_by_role("button", name="Close chat").click()
    expect(widget.panel).to_be_hidden()

    server.execute(
        "UPDATE chat_webchat SET allowed_origins = ? WHERE id = ?",
        f'["{allowed}", "{other}"]',
        web_chat.replace("-", ""),
    )
    again, _ = opened(context, address, server)
    again.open()
    again.ask("Hello sim:tokens=5")


def test_what_loads_slowly_is_said_and_waited_for(
    context: BrowserContext, hosts: HostPages, server: Server, web_chat: str
) -> None:
    held: list[Route] = []
    context.route(f"**/web-chats/{web_chat}", lambda route: held.append(route))
    page = context.new_page()
    page.clock.install()
    page.goto(hosts.page("shop", FIELD + script_tag(server, web_chat)))
    widget = Widget(page, server)
    widget.launcher.click()
    notice = widget.panel.get_by_role("status")
    expect(notice).to_have_text("Loading…")
    page.clock.run_for(4000)
    expect(notice).to_have_text("The chat takes longer than usual to load.")
    page.clock.run_for(60_000)
    expect(notice).to_have_text("The chat takes longer than usual to load.")
    [route] = held
    route.continue_()
    expect(widget.composer).to_be_focused()
    expect(notice).to_be_hidden()


def test_a_chat_that_does_not_get_ready_is_refused_and_may_come_yet(
    context: BrowserContext, hosts: HostPages, server: Server, web_chat: str
) -> None:
    """The frame has spoken, and then the site's function for the identity does not return."""
    page = context.new_page()
    page.clock.install()
    body = f"""{FIELD}<script>window.parleyConfig = {{webChatId: "{web_chat}",
      identity: () => new Promise((resolve) => (window.sign = resolve))}};</script>{script_tag(server)}"""
    page.goto(hosts.page("shop", body))
    page.evaluate("MaiAgent.events.on('error', (detail) => (window.fault = detail))")
    page.evaluate("void (window.sent = MaiAgent.chat.send('Hello').catch((error) => error.code))")
    widget = Widget(page, server)
    widget.launcher.click()
    page.wait_for_function("'sign' in window")
    advance_until(page, "window.fault")
    expect(widget.panel.get_by_role("status")).to_have_text("The chat cannot be shown on this site.")
    assert page.evaluate("fault.code") == "frame_refused"
    assert page.evaluate("sent") == "frame_refused"
    page.evaluate("sign('')")
    widget.ask("Hello sim:tokens=5")


@pytest.mark.parametrize("way", ["button", "element"])
def test_a_server_that_was_away_for_a_moment_is_asked_again(
    context: BrowserContext, hosts: HostPages, server: Server, web_chat: str, way: str
) -> None:
    """The browser shows a page of its own then, as it does on a site that may not show the chat."""
    context.route("**/web-chats/**", lambda route: route.abort())
    page = context.new_page()
    page.clock.install()
    element = f'<parley-chat web-chat="{web_chat}"></parley-chat>{script_tag(server)}'
    page.goto(hosts.page("shop", FIELD + (element if way == "element" else script_tag(server, web_chat))))
    widget = Widget(page, server)
    page.evaluate("MaiAgent.events.on('error', (detail) => (window.fault = detail))")
    if way == "button":
        widget.launcher.click()
    advance_until(page, "window.fault")
    refused = page.get_by_text("The chat cannot be shown on this site.")
    expect(refused).to_be_visible()
    context.unroute("**/web-chats/**")
    if way == "button":
        widget.launcher.click()
        widget.open()
        expect(widget.composer).to_be_focused()
    assert "conversationId" in page.evaluate(
        "MaiAgent.chat.send('Hello sim:tokens=5').catch(({code}) => ({code}))"
    )
    expect(widget.replies).to_have_count(1)
    expect(refused).to_be_hidden()
    assert len(widget.frames) == 1


def advance_until(page: Page, condition: str) -> None:
    """Let the page's clock go on until the page has waited for the frame long enough."""
    page.wait_for_function(
        "document.querySelector('parley-launcher, parley-chat').shadowRoot.querySelector('iframe') !== null"
    )
    deadline = time.monotonic() + 30
    while not page.evaluate(f"!!({condition})"):
        assert time.monotonic() < deadline, condition
        page.clock.run_for(11_000)
        page.wait_for_timeout(100)


def test_only_the_webs_own_schemes_are_framed(
    context: BrowserContext, hosts: HostPages, server: Server, web_chat: str
) -> None:
    page = f"""<script>
      window.parleyConfig = {{webChatId: "{web_chat}", baseUrl: "javascript:window.ran=1//"}};
    </script>{script_tag(server)}"""
    widget, _ = opened(context, hosts.page("shop", page), server)
    widget.page.wait_for_load_state("networkidle")
    expect(widget.launcher).to_have_count(0)
    assert widget.call("window.ran") is None
