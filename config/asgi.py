"""The ASGI application: HTTP to Django, sockets to Channels, and the reply engine beside them."""

from __future__ import annotations

import os
from typing import Any

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
django.setup(set_prefix=False)

from channels.routing import ProtocolTypeRouter  # noqa: E402 (after the apps are loaded)

from chat.answers.handler import Handler  # noqa: E402
from chat.replies.engine import engine  # noqa: E402
from chat.web.access import QUIET  # noqa: E402
from chat.ws.routing import websocket  # noqa: E402
from config.static import StaticFiles  # noqa: E402

_router: Any = ProtocolTypeRouter({"http": StaticFiles(Handler(in_loop=QUIET)), "websocket": websocket})


async def application(scope: dict[str, Any], receive: Any, send: Any) -> None:
    """Start the engine with the first connection (``manage.py serve`` has started it before).

    Daphne takes a path prefix from a request header of any client; an address that a proxy guards must not
    be reachable under another one, so the prefix is dropped.
    """
    if scope["type"] == "websocket":
        await engine()
    await _router({**scope, "root_path": ""}, receive, send)
