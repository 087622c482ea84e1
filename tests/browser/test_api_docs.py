"""The API as a developer meets it: the page that describes it, and the quick start as it stands in the
documentation."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

from tests.harness.server import ROOT, Server

SECONDS = 60


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """The built-in provider answers, as it does in a new installation."""
    with Server(tmp_path_factory.mktemp("docs")) as running:
        yield running


@pytest.fixture(scope="module")
def given(server: Server) -> dict[str, str]:
    """What the quick start says that one needs."""
    key = server.people["alice"]["key"]
    listed = subprocess.run(
        ["curl", "-s", f"{server.origin}/api/chatbots/", "-H", f"Authorization: Api-Key {key}"],
        check=True,
        capture_output=True,
    )
    chatbot = json.loads(listed.stdout)["results"][0]["id"]
    return {"PARLEY_URL": server.origin, "API_KEY": key, "CHATBOT_ID": chatbot}


def quick_start(language: str) -> str:
    page = (ROOT / "docs/api.md").read_text().split("## Quick start")[1].split("\n## ")[0]
    found = re.search(rf"```{language}\n(.*?)```", page, re.DOTALL)
    assert found
    return found[1]


def run(command: list[str | Path], given: dict[str, str]) -> str:
    path = {"PATH": "/usr/local/bin:/usr/bin:/bin"}
    done = subprocess.run(
        command, env=path | given, check=True, capture_output=True, text=True, timeout=SECONDS
    )
    return done.stdout


def test_the_quick_start_with_curl_answers_whole_and_streamed(given: dict[str, str]) -> None:
    said = run(["bash", "-e", "-c", quick_start("bash")], given)
    whole, _, streamed = said.partition("data: ")
    answer = json.loads(whole)
    assert answer["content"] == "Hello."
    events = [json.loads(line) for line in f"data: {streamed}".split("data: ") if line.strip()]
    assert "".join(event["content"] for event in events) == answer["content"]
    assert events[-1]["done"] is True


def test_the_quick_start_with_python_prints_the_answer(given: dict[str, str], tmp_path: Path) -> None:
    script = tmp_path / "quick_start.py"
    script.write_text(quick_start("python"))
    assert run([sys.executable, script], given) == "Hello."
    script.write_text(quick_start("python").replace("Hello!", "你好"))
    assert "你好" in run([sys.executable, script], given | {"PYTHONIOENCODING": "utf-8"})


def test_the_quick_start_with_javascript_prints_conversation_and_answer(
    given: dict[str, str], chromium: Browser
) -> None:
    page = chromium.new_page()
    page.goto(f"{given['PARLEY_URL']}/healthz")
    names = ", ".join(given)
    with page.expect_console_message(lambda line: line.type == "log") as printed:
        page.evaluate(f"async ({{ {names} }}) => {{ {quick_start('javascript')} }}", given)
    conversation, _, content = printed.value.text.partition(" ")
    assert re.fullmatch(r"[0-9a-f-]{36}", conversation)
    assert content == "Hello."
    page.close()


def test_the_page_shows_every_route_and_asks_no_other_host(server: Server, chromium: Browser) -> None:
    page = chromium.new_page()
    faults: list[str] = []
    asked: list[str] = []
    page.on("pageerror", lambda error: faults.append(str(error)))
    page.on("console", lambda line: faults.append(line.text) if line.type == "error" else None)
    page.on("request", lambda request: asked.append(request.url))
    page.goto(f"{server.origin}/api/docs")
    route = page.locator("#operations-chatbots-chatbots_list")
    expect(route).to_be_visible()
    route.click()
    expect(route.get_by_text("Only chatbots whose name contains this.")).to_be_visible()
    assert [url for url in asked if not url.startswith((server.origin, "data:"))] == []
    assert faults == []
    page.close()
