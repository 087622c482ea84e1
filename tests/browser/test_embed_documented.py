"""The documentation of the embedded chat: its snippets work as they stand, and its schema is the code's."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Iterator
from itertools import product
from typing import Any

import pytest
from jsonschema import Draft202012Validator
from playwright.sync_api import Browser, expect

from tests.browser.embedded import make_web_chat
from tests.browser.host_pages import HostPages, Widget
from tests.harness.server import ROOT, Server

DOCS = ROOT / "docs"
SCHEMA = json.loads((DOCS / "embed-protocol.schema.json").read_text())
#: Of every kind one, and what else a field may hold.
VALUES: list[Any] = ["text", "", 1, 0, -1, 1.5, True, False, None, {}, {"a": 1}, []]
FAILURES: list[Any] = [{"code": "a", "message": "b"}, {"code": "a"}, {"code": 1, "message": "b"}, "a"]
CONFIGS: list[Any] = [{"opened": True}, {"opened": 1}, {"opened": False, "theme": "blue", "lang": "en"}]


def snippets() -> Iterator[str]:
    """The blocks of the page that put a chat somewhere."""
    for block in re.findall(r"```html\n(.*?)```", (DOCS / "embed.md").read_text(), re.DOTALL):
        if "<webChatId>" in block:
            yield re.sub(r"^   ", "", block, flags=re.MULTILINE)


def name_of(snippet: str) -> str:
    kinds = ("maiagentChatbotConfig", "parleyConfig", "parley-chat", "iframe", "data-web-chat-id")
    return next(kind for kind in kinds if kind in snippet)


@pytest.mark.parametrize("snippet", list(snippets()), ids=name_of)
def test_a_snippet_works_as_it_stands(
    snippet: str, chromium: Browser, server: Server, hosts: HostPages
) -> None:
    made = make_web_chat(server, persons={"ada": {}})
    body = snippet.replace("<webChatId>", made["id"]).replace("https://chat.example.com", server.origin)
    context = chromium.new_context()
    context.route("**/chat-token", lambda route: route.fulfill(body=made["signed"]["ada"]))
    page = context.new_page()
    page.goto(hosts.page("shop", f"<body>{body}</body>"))
    widget = Widget(page, server)
    if name_of(snippet) not in ("iframe", "parley-chat"):
        widget.launcher.click()
    widget.ask("Hello sim:tokens=5")
    [(verified,)] = server.rows(
        "SELECT verified FROM chat_visitor WHERE web_chat_id = ?", made["id"].replace("-", "")
    )
    assert bool(verified) is (name_of(snippet) == "parleyConfig")
    context.close()


def messages() -> Iterator[dict[str, Any]]:
    """Each message of the schema with each value in each of its fields, and with one field less."""
    for kind in ("toFrame", "toHost"):
        for shape in SCHEMA["$defs"][kind]["oneOf"]:
            fields = {name: good(field) for name, field in shape["properties"].items()}
            yield fields
            for name in fields:
                yield {key: value for key, value in fields.items() if key != name}
                for value in [*VALUES, *FAILURES, "messageSend", "shown", "toString", "__proto__"]:
                    yield fields | {name: value}
            yield fields | {"unknown": 1}
    for parley, type, config in product((1, 2, "1", None), ("hello", "connect"), (*CONFIGS, *VALUES)):
        yield {"parley": parley, "type": type, "config": config}
    for name, value in product(SCHEMA["$defs"]["config"]["properties"], [*VALUES, "light"]):
        yield {"parley": 1, "type": "connect", "config": {"opened": True, name: value}}


def good(field: dict[str, Any]) -> Any:
    if "const" in field:
        return field["const"]
    if "enum" in field:
        return field["enum"][0]
    kind = field.get("type", "string")
    return {"string": "text", "boolean": True, "integer": 2, "object": {"code": "a", "message": "b"}}.get(
        kind if isinstance(kind, str) else kind[0]
    )


@pytest.mark.parametrize("name", ["hello", "connect", "toFrame", "toHost"])
def test_the_schema_and_the_code_take_the_same_messages(
    name: str, chromium: Browser, hosts: HostPages
) -> None:
    schema = Draft202012Validator({"$ref": f"#/$defs/{name}", "$defs": SCHEMA["$defs"]})
    tried = [*messages(), *VALUES]
    page = chromium.new_page()
    page.goto(hosts.page("shop", "<p>Nothing</p>"))
    source = (ROOT / "static/chat/embed/protocol.js").read_text()
    taken = page.evaluate(
        """async ([source, name, tried]) => {
          const protocol = await import(URL.createObjectURL(new Blob([source], {type: "text/javascript"})));
          const { read, readHello, readConnect, TO_FRAME, TO_HOST } = protocol;
          const readers = { hello: readHello, connect: readConnect, toFrame: (one) => read(TO_FRAME, one),
                            toHost: (one) => read(TO_HOST, one) };
          return tried.map((one) => readers[name](one) !== null);
        }""",
        [source, name, tried],
    )
    page.close()
    expected = [schema.is_valid(one) for one in tried]
    assert any(expected)
    differing = [one for one, code, book in zip(tried, taken, expected, strict=True) if code != book]
    assert differing == []


def test_every_message_of_the_schema_is_on_its_page() -> None:
    page = (DOCS / "embed-protocol.md").read_text()
    for kind in ("toFrame", "toHost"):
        for shape in SCHEMA["$defs"][kind]["oneOf"]:
            fields = shape["properties"]
            row = re.search(rf"^\| `{fields['type']['const']}` \| (.*?) \|", page, re.MULTILINE)
            assert row, fields
            assert set(re.findall(r"`(\w+)\??`", row[1])) == fields.keys() - {"type"}


def test_every_option_is_on_its_page() -> None:
    source = (ROOT / "static/embed/options.js").read_text()
    read = set(re.findall(r'\b(?:value|text|flag|styled|address\(text)\("(\w+)"', source))
    table = (DOCS / "embed.md").read_text().split("\n| option |")[1].split("\n\n")[0]
    assert set(re.findall(r"^\| `(\w+)`", table, re.MULTILINE)) == read - {"query_metadata"}


def test_the_demo_site_is_a_shop_with_each_way(chromium: Browser, server: Server) -> None:
    web_chat = make_web_chat(server)["id"]
    command = [sys.executable, "manage.py", "demo_site", "--port", "0", "--web-chat", web_chat]
    process = subprocess.Popen(
        [*command, "--chat", server.origin],
        cwd=ROOT,
        env=server.variables | {"PYTHONUNBUFFERED": "1"},
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout
    context = chromium.new_context()
    try:
        pages = [process.stdout.readline().strip() for _ in range(5)]
        assert all(page.startswith("http://shop.localhost:") for page in pages)
        for address in pages:
            page = context.new_page()
            page.goto(address)
            expect(page.get_by_role("heading", name="Mornington three-speed")).to_be_visible()
            widget = Widget(page, server)
            if address.endswith("/without"):
                assert widget.frames == []
                continue
            if not address.endswith(("/iframe", "/inline")):
                widget.launcher.click()
            expect(page.frame_locator("iframe").get_by_role("textbox", name="Message")).to_be_visible()
    finally:
        context.close()
        process.terminate()
        process.wait(15)
        process.stdout.close()
