"""Which socket addresses there are, and from which origins they may be opened."""

from __future__ import annotations

from typing import Any

from channels.routing import URLRouter
from channels.security.websocket import OriginValidator
from django.conf import settings
from django.urls import path, re_path

from chat.ws.consumer import ChatConsumer


async def refuse(scope: dict[str, Any], receive: Any, send: Any) -> None:
    """Any other address: anybody may knock there, so it is no error to be told of in the log."""
    await send({"type": "websocket.close"})


_router = URLRouter(
    [path("ws/chat/", ChatConsumer.as_asgi()), re_path("", refuse)]  # type: ignore[arg-type, list-item]  # Channels' stubs
)

#: Whole origins (scheme, host and port): a cookie from any other page speaks for nobody.
websocket: Any = OriginValidator(_router, settings.PUBLIC_ORIGINS)
