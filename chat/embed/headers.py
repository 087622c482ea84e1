"""What the page of a web chat may do, and who may frame it. No other page of the product is framed."""

from __future__ import annotations

from typing import Any

from chat.answers.policy import STRICT
from chat.models import WebChat
from chat.services.sites import allowed_origins, origin_of

#: What the snippet's frame may be given, nothing else. ``self`` is this page; the site has to allow it too.
_OWN = ("autoplay", "camera", "clipboard-read", "clipboard-write", "fullscreen", "geolocation", "microphone")
_NOBODYS = ("browsing-topics", "midi", "payment", "usb")
PERMISSIONS = ", ".join([*(f"{one}=(self)" for one in _OWN), *(f"{one}=()" for one in _NOBODYS)])


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
