"""What the page of a web chat may do, and who may frame it. No other page of the product is framed."""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import urlsplit

from chat.answers.policy import STRICT
from chat.models import WebChat

#: Scheme, host and port: sub-domains may be a ``*``, and so may the port of a server on one's own machine.
_ORIGIN = re.compile(
    r"https?://(\*\.)?[a-z0-9_]([a-z0-9_.-]{0,250}[a-z0-9])?(:(\d{1,5}|\*))?|https?://\[[0-9a-f:]+\](:\d{1,5})?"
)
EVERY_SITE = "*"
#: What the snippet's frame may be given, nothing else. ``self`` is this page; the site has to allow it too.
_OWN = ("autoplay", "camera", "clipboard-read", "clipboard-write", "fullscreen", "geolocation", "microphone")
_NOBODYS = ("browsing-topics", "midi", "payment", "usb")
PERMISSIONS = ", ".join([*(f"{one}=(self)" for one in _OWN), *(f"{one}=()" for one in _NOBODYS)])


def allowed_origins(web_chat: WebChat) -> list[str]:
    """The sites that may show it, besides this server. What is no origin is left out, whoever wrote it: it
    would become a part of a header."""
    rows = web_chat.allowed_origins if isinstance(web_chat.allowed_origins, list) else []
    texts = [row.strip().lower().rstrip("/") for row in rows if isinstance(row, str)]
    return [text for text in dict.fromkeys(texts) if text == EVERY_SITE or _ORIGIN.fullmatch(text)]


def policy_of(web_chat: WebChat) -> str:
    """The strict policy of all pages, with the web chat's sites and the places of its pictures."""
    changes = {
        "frame-ancestors": " ".join(["'self'", *allowed_origins(web_chat)]),
        "img-src": " ".join([STRICT["img-src"], *_pictures(web_chat.options)]),
    }
    return "; ".join(f"{name} {value}" for name, value in {**STRICT, **changes}.items())


def _pictures(options: Any) -> list[str]:
    named = [options.get(name) for name in ("avatar", "logo", "cover")] if isinstance(options, dict) else []
    origins = (origin_of(address) for address in named if isinstance(address, str))
    return list(dict.fromkeys(origin for origin in origins if origin))


def origin_of(address: str) -> str:
    """The origin of an address of the web, or nothing."""
    try:
        parts = urlsplit(address)
    except ValueError:
        return ""
    origin = f"{parts.scheme}://{parts.netloc}".lower()
    return origin if _ORIGIN.fullmatch(origin) and "*" not in origin else ""
