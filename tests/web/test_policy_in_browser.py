"""The policies as a browser applies them: every page works, and nothing on it is refused."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page

from tests.harness.server import Server
from tests.web.conftest import deployed
from tests.web.identity_provider import IdentityProvider

pytestmark = pytest.mark.browser

ACCOUNT = ["profile/", "email/", "password/change/", "2fa/", "people/", "logout/"]
ADMIN = [
    "",
    "chat/conversation/",
    "chat/chatbot/",
    "chat/chatbot/add/",
    "chat/languagemodel/",
    "chat/membership/",
    "chat/apikey/add/",
    "chat/invitation/add/",
    "chat/user/",
]


class Watcher:
    """Collects what the browser refused or complained of."""

    def __init__(self, page: Page) -> None:
        self.complaints: list[str] = []
        page.on("console", self.console)
        page.on("pageerror", lambda error: self.complaints.append(f"{page.url}: {error}"))

    def console(self, message: ConsoleMessage) -> None:
        if message.type == "error":
            self.complaints.append(f"{message.location}: {message.text}")


@contextmanager
def context_of(site: Server, browser: Browser, who: str = "") -> Iterator[BrowserContext]:
    context = browser.new_context()
    if who:
        session = site.people[who]["session"]
        context.add_cookies([{"name": "sessionid", "value": session, "url": site.origin}])
    yield context
    context.close()


def complaints(context: BrowserContext, urls: list[str]) -> list[str]:
    page = context.new_page()
    watcher = Watcher(page)
    for url in urls:
        page.goto(url, wait_until="load")
        assert page.evaluate("getComputedStyle(document.body).margin") == "0px", f"{url} has no style"
    return watcher.complaints


def test_the_pages_before_the_log_in_break_no_policy(site: Server, chromium: Browser) -> None:
    paths = ["login/", "signup/", "password/reset/", "password/reset/done/"]
    with context_of(site, chromium) as context:
        assert complaints(context, [f"{site.origin}/accounts/{path}" for path in paths]) == []


def test_a_persons_own_pages_break_no_policy(site: Server, chromium: Browser) -> None:
    with context_of(site, chromium, "alice") as context:
        assert complaints(context, [f"{site.origin}/accounts/{path}" for path in ACCOUNT]) == []


def test_the_chat_breaks_no_policy(site: Server, chromium: Browser) -> None:
    with context_of(site, chromium, "alice") as context:
        assert complaints(context, [f"{site.origin}/"]) == []


def test_the_admin_breaks_no_policy_and_its_scripts_run(site: Server, chromium: Browser) -> None:
    with context_of(site, chromium, "alice") as context:
        assert complaints(context, [f"{site.origin}/admin/{path}" for path in ADMIN]) == []
        page = context.new_page()
        page.goto(f"{site.origin}/admin/chat/chatbot/add/")
        page.locator(".field-language_model .select2-selection").click()
        page.locator(".select2-dropdown .select2-search__field").wait_for()


def test_the_qr_code_of_the_second_factor_is_shown(site: Server, chromium: Browser) -> None:
    with context_of(site, chromium) as context:
        page = context.new_page()
        watcher = Watcher(page)
        page.goto(f"{site.origin}/accounts/login/?next=/accounts/2fa/totp/activate/")
        page.fill("#id_login", "bob")
        page.fill("#id_password", "correct horse battery staple")
        page.click("main button[type=submit]")
        page.fill("#id_password", "correct horse battery staple")
        page.click("main button[type=submit]")
        page.wait_for_url("**/totp/activate/")
        assert page.evaluate("document.querySelector('.account-qr').naturalWidth") > 100
        assert watcher.complaints == []


def test_single_sign_on_leads_to_its_provider_and_back(chromium: Browser, tmp_path: Path) -> None:
    with IdentityProvider(email="dora@example.com") as provider:
        variables = {
            "OIDC_SERVER_URL": provider.url,
            "OIDC_CLIENT_ID": "parley",
            "OIDC_CLIENT_SECRET": "hush",
            "SIGNUP_OPEN": "true",
            "DEFAULT_ORGANIZATION": "Home",
        }
        with deployed(tmp_path, **variables) as site, context_of(site, chromium) as context:
            page = context.new_page()
            watcher = Watcher(page)
            page.goto(f"{site.origin}/accounts/login/?next=/accounts/profile/")
            page.click("text=Continue with Single sign-on")
            page.goto(f"{site.origin}/accounts/profile/")
            assert "dora@example.com" in page.inner_text("main")
            assert watcher.complaints == []


def test_no_page_of_ours_can_be_framed(site: Server, chromium: Browser) -> None:
    with context_of(site, chromium, "alice") as context:
        page = context.new_page()
        page.route("**/frames", lambda route: route.fulfill(content_type="text/html", body=FRAMES))
        page.goto(f"{site.origin}/frames")
        page.wait_for_load_state("networkidle")
        framed = [frame.url for frame in page.frames[1:] if frame.url.startswith(site.origin)]
        assert framed == []


FRAMES = "<iframe src=/></iframe><iframe src=/accounts/login/></iframe><iframe src=/admin/></iframe>"
