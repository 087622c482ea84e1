"""The tags of a page that matter for the chat, read in one pass: nothing in a hostile page is read twice."""

from __future__ import annotations

import html
import re
from collections.abc import Iterator
from typing import NamedTuple

#: What no browser reads as tags: until the end tag of the same name it is text.
_TEXT = ("iframe", "noscript", "script", "style", "textarea", "title")
#: As browsers do: a quote counts after ``=`` only, and a tag without an end takes the rest of the page.
_TAG = re.compile(
    r"<(?P<name>[a-z][^\s/>]*+)"
    r"""(?P<attributes>(?:[^>=]++|=\s*+(?:"[^"]*+"|'[^']*+'|[^\s>"'][^\s>]*+|(?=>)))*+)>""",
    re.IGNORECASE | re.ASCII,
)
_BEGINNING = re.compile(r"<(?:!--|[a-z])", re.IGNORECASE | re.ASCII)
_END_OF_COMMENT = re.compile("--!?>")
_ATTRIBUTE = re.compile(r"""([^\s/>=]++)(?:\s*+=\s*+(?:"([^"]*+)"|'([^']*+)'|([^\s>]*+)))?+""")


class Tag(NamedTuple):
    """``inside``: its text, of those whose content is text."""

    name: str
    attributes: dict[str, str]
    inside: str


def tags_in(page: str, *names: str) -> Iterator[Tag]:
    """Those with one of the names, in their order, but none from comments and scripts."""
    at = 0
    while found := _BEGINNING.search(page, at):
        if found[0] == "<!--":
            end = _END_OF_COMMENT.search(page, found.start() + 2)
            at = end.end() if end else len(page)
            continue
        tag = _TAG.match(page, found.start())
        if tag is None:
            return
        name, at, inside = tag["name"].lower(), tag.end(), ""
        if name in _TEXT:
            end = re.compile(rf"</{name}(?=[\s/>])", re.IGNORECASE).search(page, at)
            stop = end.start() if end else len(page)
            inside, at = page[at:stop], stop
        if name in names:
            yield Tag(name, _attributes_of(tag["attributes"]), inside)


def _attributes_of(text: str) -> dict[str, str]:
    """Of two with one name the first counts."""
    read: dict[str, str] = {}
    for name, *values in _ATTRIBUTE.findall(text):
        read.setdefault(name.lower(), _unescaped("".join(values)))
    return read


def _unescaped(text: str) -> str:
    try:
        return html.unescape(text)
    except ValueError:  # a character's number of thousands of digits
        return text
