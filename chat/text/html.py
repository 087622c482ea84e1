"""Markdown as safe HTML, for programs that ask for it: e-mails, exports. The page renders by itself
(``static/chat/markdown``), with the same elements and the same idea of what may be seen.

Rendered first, sanitised then: what the renderer makes is not trusted more than the text.
"""

from __future__ import annotations

import html
import re
import threading

import nh3
from markdown_it import MarkdownIt

TAGS = {
    *("a", "blockquote", "br", "code", "del", "em", "h1", "h2", "h3", "h4", "h5", "h6", "hr", "li", "ol"),
    *("p", "pre", "s", "strong", "table", "tbody", "td", "th", "thead", "tr", "ul"),
}
ATTRIBUTES = {"a": {"href"}, "code": {"class"}, "ol": {"start"}}
REL = "noopener noreferrer nofollow"
#: What an attribute may say, from beginning to end.
VALUES = {
    "href": re.compile(r"(?:https?://|mailto:)\S+", re.IGNORECASE),
    "class": re.compile(r"language-[\w+#.-]{1,32}"),
    "start": re.compile(r"\d{1,9}"),
    "rel": re.compile(REL),
}
#: Brackets without a partner are looked for again and again: 60,000 of them took 14 s, these 0.1 s.
MOST_BRACKETS = 2_000
#: What nobody can see but a machine would read or obey: zero-width characters but the joiners, bidirectional
#: embeddings and overrides, Unicode tags, controls but tab and newline.
_INVISIBLE = re.compile(
    "[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\u200b\u2060-\u2064\u202a-\u202e\ufeff\ud800-\udfff\U000e0000-\U000e007f]"
)

#: Its parser keeps state while it works, and requests are answered in several threads.
_threads = threading.local()


def html_of(markdown: str) -> str:
    """The text as HTML of a few harmless elements, without images: an address in one would be fetched by
    whoever opens the e-mail, and could tell what the model was made to put into it. A text that would take
    too long comes as it was written, in a ``<pre>``."""
    text = _INVISIBLE.sub("", markdown)
    if text.count("[") > MOST_BRACKETS:
        return f"<pre>{html.escape(text)}</pre>\n"
    return nh3.clean(
        _renderer().render(text),
        tags=TAGS,
        attributes=ATTRIBUTES,
        attribute_filter=_value,
        url_schemes={"http", "https", "mailto"},
        link_rel=REL,
    )


def _renderer() -> MarkdownIt:
    renderer: MarkdownIt | None = getattr(_threads, "renderer", None)
    if renderer is None:
        # "js-default" escapes HTML; without its rule an image is a "!" and a link.
        renderer = _threads.renderer = MarkdownIt("js-default").disable("image")
    return renderer


def _value(_element: str, attribute: str, value: str) -> str | None:
    allowed = VALUES.get(attribute)
    return value if allowed and allowed.fullmatch(value) else None
