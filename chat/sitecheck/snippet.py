"""What of a web chat's snippet stands in a page's HTML."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import urlsplit

from django.conf import settings

from chat.sitecheck.fetch import Page, joined
from chat.sitecheck.html import Tag, tags_in

SCRIPT = "/js/embed.min.js"
#: What an own frame with ``sandbox`` cannot do without.
NEEDED = {"allow-scripts", "allow-same-origin"}


@dataclass(slots=True)
class Snippet:
    """Addresses of what was found, or nothing. ``named``: the web chat's id is there, where the script looks
    for it. ``foreign``: the script comes from another server."""

    script: str = ""
    nonce: str = ""
    foreign: str = ""
    frame: str = ""
    caged: bool = False
    named: bool = False


def snippet_in(page: Page, web_chat: str) -> Snippet:
    found = Snippet()
    for tag in tags_in(page.html, "script", "iframe", "parley-chat"):
        address = joined(page.address, tag.attributes.get("src", ""))
        match tag.name:
            case "script" if urlsplit(address).path.endswith(SCRIPT):
                _take_script(found, tag, address)
                found.named |= tag.attributes.get("data-web-chat-id", "").lower() == web_chat
            case "script":
                found.named |= web_chat in tag.inside.lower()
            case "parley-chat":
                found.named |= tag.attributes.get("web-chat", "").lower() == web_chat
            case _ if _is_ours(address) and urlsplit(address).path == f"/web-chats/{web_chat}":
                sandbox = tag.attributes.get("sandbox")
                found.frame = address
                found.caged = sandbox is not None and not set(sandbox.lower().split()) >= NEEDED
    return found


def _take_script(found: Snippet, tag: Tag, address: str) -> None:
    if _is_ours(address):
        found.script, found.nonce = address, tag.attributes.get("nonce", "")
    else:
        found.foreign = address


def _is_ours(address: str) -> bool:
    return any(address.startswith(f"{origin}/") for origin in settings.PUBLIC_ORIGINS)
