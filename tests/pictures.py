"""Take the pictures of the documentation from the real product:
``python -m tests.pictures [folder [scene …]]``, with the scenes of ``SCENES``.

Needs the system's Chromium and a Latin and a Chinese font (Debian: chromium fonts-inter fonts-noto-cjk).
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import requests
from playwright.sync_api import Browser, FrameLocator, Page, expect, sync_playwright

from tests.conftest import CHROMIUM, FLAGS
from tests.harness.server import ROOT, Server
from tests.simulator.process import SimulatorProcess
from tests.webhooks.receiver import Reaction, Receiver

WIDE = {"viewport": {"width": 1280, "height": 800}}
PHONE = {
    "viewport": {"width": 390, "height": 844},
    "device_scale_factor": 2,
    "has_touch": True,
    "is_mobile": True,
}


PASSWORD = "correct horse battery staple"
#: What a visitor asks in the shop: its answer fits into a panel.
QUESTION = "What happens when I reload the page?"
CUT = "sim:tokens=200,seed=23,fault=cut_chunked,after=100"


class Photographer:
    def __init__(self, server: Server, browser: Browser, folder: Path, account: dict[str, str]) -> None:
        self.server, self.browser, self.folder, self.account = server, browser, folder, account
        self.session: Any = None

    def page(self, path: str = "/", **options: Any) -> Page:
        context = self.browser.new_context(
            base_url=self.server.origin, storage_state=self.session, **{**WIDE, **options}
        )
        page = context.new_page()
        page.goto(path, wait_until="networkidle")
        return page

    def take(self, page: Page, name: str) -> None:
        page.wait_for_timeout(400)  # menus and carets come to rest
        page.screenshot(path=self.folder / f"{name}.png")
        print(name)

    def log_in(self, *, as_admin: bool = False) -> None:
        """As one of the demo's two accounts."""
        username, password = ("adminUsername", "adminPassword") if as_admin else ("username", "password")
        self.session = None
        page = self.page("/accounts/login/")
        self.take(page, "login")
        page.get_by_label("User name or e-mail").fill(self.account[username])
        page.get_by_label("Password", exact=True).fill(self.account[password])
        page.get_by_role("button", name="Log in").click()
        expect(page.get_by_role("textbox", name="Message", exact=True)).to_be_visible()
        self.session = page.context.storage_state()


def write(page: Page | FrameLocator, text: str) -> None:
    page.get_by_role("textbox", name="Message", exact=True).fill(text)
    page.get_by_role("button", name="Send", exact=True).click()


def ask(page: Page | FrameLocator, text: str) -> None:
    write(page, text)
    expect(page.locator('[data-message-type="outgoing"]').last).to_be_visible()
    expect(page.locator("[data-reply-state]")).to_have_count(0, timeout=60_000)


def guide(camera: Photographer) -> None:
    """The demo organization, answered by the built-in provider from the documentation."""
    page = camera.page()
    camera.take(page, "empty")
    addresses = []
    for question in ("怎麼把聊天嵌入我的網站？", "Which environment variables are there for the database?"):
        ask(page, question)
        addresses.append(page.url.removeprefix(camera.server.origin))
        page.get_by_role("link", name="New chat", exact=True).first.click()
    write(page, "How do I embed the chat on my site?")
    page.wait_for_timeout(1000)
    camera.take(page, "streaming")
    expect(page.locator("[data-reply-state]")).to_have_count(0, timeout=60_000)
    camera.take(page, "chat")
    address = page.url.removeprefix(camera.server.origin)
    camera.take(camera.page(address, color_scheme="dark"), "chat-dark")
    camera.take(camera.page(address, **PHONE), "chat-phone")
    camera.take(camera.page(addresses[0], locale="zh-TW"), "chat-zh")
    page.get_by_role("button", name="Poor reply").last.click()
    camera.take(page, "feedback")
    page.get_by_role("button", name="Cancel").click()
    camera.server.kill()
    page.wait_for_timeout(3500)
    write(page, "I am on a train, and this waits.")
    camera.take(page, "offline")


def faults(camera: Photographer) -> None:
    """What a person sees when the model's connection is cut part-way."""
    page = camera.page()
    ask(page, "What is a lease, and what happens when it lapses?")
    camera.take(page, "error")
    camera.take(camera.page(page.url.removeprefix(camera.server.origin), **PHONE), "error-phone")
    diagnosis(camera)


def diagnosis(camera: Photographer) -> None:
    """What the doctor tells a superuser of that model."""
    manage(camera.server, "createsuperuser", "--noinput", "--username", "root", "--email", "root@example.com")
    page = camera.page("/accounts/logout/")
    page.get_by_role("button", name="Log out").click()
    page.get_by_label("User name or e-mail").fill("root")
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    page.get_by_role("button", name="Log in").click()
    page.wait_for_load_state("networkidle")
    page.goto("/admin/doctor/")
    page.get_by_role("button", name="Examine").click()
    expect(page.locator("[data-level=wrong]")).to_be_visible(timeout=60_000)
    camera.take(page, "doctor")


def programs(camera: Photographer) -> None:
    """What there is for developers: the page of the API, keys, and a webhook whose receiver failed once."""
    camera.log_in(as_admin=True)
    camera.take(camera.page("/api/docs#/chatbots"), "api-docs")
    manage(camera.server, "create_api_key", "Demo", "Nightly import", "--scope", "write", "--days", "90")
    manage(camera.server, "create_api_key", "Demo", "Reports", "--scope", "read")
    camera.take(camera.page("/admin/chat/apikey/"), "api-keys")
    chatbot = f"{camera.server.origin}/api/chatbots/{camera.account['chatbotId']}/"
    with Receiver() as receiver, requests.Session() as program:
        program.headers["Authorization"] = f"Api-Key {camera.account['apiKey']}"
        program.patch(chatbot, json={"webhookUrl": receiver.url}, timeout=30).raise_for_status()
        questions = ("How do I make a backup?", "Where is the log?", "How do I invite people?")
        for status, question in zip((200, 503, 200), questions, strict=True):
            receiver.reaction = Reaction(status)
            asked = {"message": {"content": question}}
            program.post(f"{chatbot}completions/", json=asked, timeout=60).raise_for_status()
            time.sleep(2)  # until the attempt is on record
        camera.take(camera.page(f"/admin/chat/chatbot/{camera.account['chatbotId']}/webhook/"), "webhook")


def sites(camera: Photographer) -> None:
    """The chat as a visitor of another site has it: in the shop of ``manage.py demo_site``."""
    with shop(camera.server, camera.account["webChatId"]) as address:
        page = camera.page(address)
        camera.take(page, "embed-button")
        ask(opened(page), QUESTION)
        camera.take(page, "embed")
        page = camera.page(address, color_scheme="dark")
        expect(opened(page).get_by_role("list", name="Conversation starters")).to_be_visible()
        camera.take(page, "embed-dark")
        page = camera.page(address, **PHONE)
        ask(opened(page), QUESTION)
        camera.take(page, "embed-phone")


def opened(page: Page) -> FrameLocator:
    """The chat in the panel, which the visitor has opened."""
    page.get_by_role("button", name="Open chat").click()
    return page.frame_locator("parley-launcher iframe")


@contextmanager
def shop(server: Server, web_chat: str) -> Iterator[str]:
    """The address of the shop's page with the script."""
    options = ["--port", "0", "--chat", server.origin, "--web-chat", web_chat]
    command = [sys.executable, "manage.py", "demo_site", *options]
    variables = server.variables | {"PYTHONUNBUFFERED": "1"}
    with subprocess.Popen(command, cwd=ROOT, env=variables, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout
        try:
            yield process.stdout.readline().strip()
        finally:
            process.terminate()


def manage(server: Server, *command: str) -> str:
    """What ``manage.py`` prints on this server."""
    variables = server.variables | {"DJANGO_SUPERUSER_PASSWORD": PASSWORD}
    run = [sys.executable, "manage.py", *command]
    return subprocess.run(run, cwd=ROOT, env=variables, check=True, capture_output=True, text=True).stdout


#: In this order, each on a server of its own; only ``faults`` asks the simulator.
SCENES = (guide, faults, programs, sites)


def main() -> None:
    wanted = [scene for scene in SCENES if not sys.argv[2:] or scene.__name__ in sys.argv[2:]]
    folder = Path(sys.argv[1] if len(sys.argv) > 1 else ROOT / "docs/pictures")
    folder.mkdir(parents=True, exist_ok=True)
    with sync_playwright() as playwright, SimulatorProcess() as simulator:
        # A frame in a process of its own is drawn without the scale of a phone, and blurred.
        flags = [*FLAGS, "--disable-site-isolation-trials"]
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=flags)
        for scene in wanted:
            with (
                tempfile.TemporaryDirectory(prefix="parley-pictures-") as data,
                Server(
                    Path(data),
                    simulator.url if scene is faults else "",
                    STATIC_ROOT=f"{data}/static",
                    COMPLETIONS_MODEL=CUT,
                    WEBHOOK_PRIVATE_ADDRESSES="true",
                ) as server,
            ):
                manage(server, "collectstatic", "--noinput", "-v0")
                made = manage(server, "demo", "--json")
                server.end()
                server.start()  # with the static files that were not there before
                camera = Photographer(server, browser, folder, json.loads(made))
                camera.log_in()
                scene(camera)
        browser.close()


if __name__ == "__main__":
    main()
