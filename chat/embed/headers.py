"""What the page of a web chat may do, and who may frame it. No other page of the product is framed."""

from __future__ import annotations

import re
from typing import Any

from chat.answers.policy import STRICT
from chat.models import WebChat
from chat.services.sites import allowed_origins, allows_apps, origin_of

#: What the snippet's frame may be given, nothing else. ``self`` is this page; the site has to allow it too.
_OWN = ("autoplay", "camera", "clipboard-read", "clipboard-write", "fullscreen", "geolocation", "microphone")
_NOBODYS = ("browsing-topics", "midi", "payment", "usb")
PERMISSIONS = ", ".join([*(f"{one}=(self)" for one in _OWN), *(f"{one}=()" for one in _NOBODYS)])


#: How the browser inside an app names itself: Android's says so, and Apple's lacks what Safari ends with.
_IN_APPS = re.compile(r"Android.*; wv\)|\((iPhone|iPad|iPod)(?!.* Safari/)", re.DOTALL)


def policy_of(web_chat: WebChat, user_agent: str = "") -> str:
    """The strict policy of all pages, with the web chat's sites and the places of its pictures. An app's
    pages have no origin that a list could name: their browsers get none where apps are allowed."""
    changes = {
        "frame-ancestors": " ".join(["'self'", *allowed_origins(web_chat)]),
        "img-src": " ".join([STRICT["img-src"], *_pictures(web_chat.options)]),
    }
    policy = {**STRICT, **changes}
    if is_in_app(web_chat, user_agent):
        del policy["frame-ancestors"]
    return "; ".join(f"{name} {value}" for name, value in policy.items())


def is_in_app(web_chat: WebChat, user_agent: str) -> bool:
    """Whether the browser is one inside an app, and apps may show this web chat."""
    return allows_apps(web_chat) and _IN_APPS.search(user_agent) is not None


def _pictures(options: Any) -> list[str]:
    named = [options.get(name) for name in ("avatar", "logo", "cover")] if isinstance(options, dict) else []
    origins = (origin_of(address) for address in named if isinstance(address, str))
    return list(dict.fromkeys(origin for origin in origins if origin))
