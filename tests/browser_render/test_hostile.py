"""Texts that want to run, fetch or take over: nothing of them happens, with the policy and without it.

Each is shown whole, and streamed character by character, so that every half-written state was on the page.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import TypedDict

import pytest
from playwright.sync_api import Dialog, Page, Request

from tests.browser_render.workshop import Workshop

pytestmark = pytest.mark.browser


class Hostile(TypedDict):
    family: str
    text: str


CORPUS: list[Hostile] = json.loads(Path(__file__).with_name("hostile.json").read_text())
FAMILIES = sorted({one["family"] for one in CORPUS})

#: What of a text may ever be in the page, whatever its author wanted.
ELEMENTS = (
    "A BLOCKQUOTE BR BUTTON CODE DEL DIV EM FIGCAPTION FIGURE H3 H4 H5 H6 HR LI OL P PRE SPAN STRONG UL"
)
TABLES = "TABLE TBODY TD TH THEAD TR"
ATTRIBUTES = (
    "aria-hidden aria-label class data-number href lang rel role scope start tabindex target title type"
)

SHOW = """async (texts) => {
  const { whole, streamed, everyCharacter, calm } = window.workshop;
  const citations = [{ number: 1, title: '"><img src=x onerror=pwned()>', href: '#source' }];
  const seen = [];
  const watch = new MutationObserver((records) => {
    for (const record of records) for (const node of record.addedNodes) note(node);
  });
  const note = (node) => {
    if (!(node instanceof Element)) return;
    for (const one of [node, ...node.querySelectorAll("*")]) {
      if (one.closest("svg.icon, math")) continue;
      seen.push([one.tagName, one.getAttributeNames(), one.getAttribute("href")]);
    }
  };
  watch.observe(document.getElementById("out"), { childList: true, subtree: true });
  for (const text of texts) {
    note(await whole(text, { citations }));
    note(await streamed(text, everyCharacter(text), { citations }));
  }
  await calm();
  watch.disconnect();
  return { seen, ran: window.pwned ?? 0, parts: document.body.childElementCount, title: document.title };
}"""


class Watch:
    """What the page did that a text must never make it do."""

    def __init__(self, page: Page, workshop: Workshop) -> None:
        self.requests: list[str] = []
        self.dialogs: list[str] = []
        self.own = (workshop.url, "data:", "blob:")
        page.on("request", self.on_request)
        page.on("dialog", self.on_dialog)
        page.route(lambda url: not url.startswith(self.own), lambda route: route.abort())

    def on_request(self, request: Request) -> None:
        if not request.url.startswith(self.own):
            self.requests.append(request.url)

    def on_dialog(self, dialog: Dialog) -> None:
        self.dialogs.append(dialog.message)
        dialog.dismiss()


def test_the_corpus_is_large_enough() -> None:
    assert len(CORPUS) >= 90
    assert len(FAMILIES) >= 12


@pytest.mark.parametrize("new_page", ["strict", "bare"], indirect=True)
@pytest.mark.parametrize("family", FAMILIES)
def test_nothing_runs_and_nothing_is_fetched(new_page: Page, workshop: Workshop, family: str) -> None:
    watch = Watch(new_page, workshop)
    result = new_page.evaluate(SHOW, [one["text"] for one in CORPUS if one["family"] == family])

    assert result["ran"] == 0
    assert watch.dialogs == []
    assert watch.requests == []
    assert result["parts"] == 1
    assert result["title"] == "Workshop"
    for tag, attributes, address in result["seen"]:
        assert tag in f"{ELEMENTS} {TABLES}".split(), tag
        assert set(attributes) <= set(ATTRIBUTES.split()), (tag, attributes)
        assert address is None or address.startswith(("https://", "http://", "mailto:", "#")), address
    assert new_page.url.startswith(workshop.url)


@pytest.mark.parametrize("new_page", ["bare"], indirect=True)
def test_the_corpus_bites_where_nobody_sanitises(new_page: Page, workshop: Workshop) -> None:
    """Without this the tests above could pass because the texts are harmless."""
    watch = Watch(new_page, workshop)
    ran = new_page.evaluate(
        """async (texts) => {
          for (const text of texts) {
            document.getElementById("out").innerHTML = text;
            await window.workshop.calm();
          }
          return window.pwned ?? 0;
        }""",
        [one["text"] for one in CORPUS if one["family"] in ("handlers", "images", "mutation", "svg")],
    )
    assert ran >= 15
    assert len(watch.requests) >= 8


def test_what_nobody_sees_is_neither_shown_nor_copied(page: Page) -> None:
    text = "a\u200bb \U000e0073\U000e0065\U000e006ec \u202ed\n\n```\nx\u2060y\U000e0041\n```\n"
    shown = page.evaluate("async (text) => (await workshop.whole(text)).innerText", text)
    page.get_by_role("button", name="Copy code").click()
    assert "ab c d" in shown
    assert page.evaluate("navigator.clipboard.readText()") == "xy"
