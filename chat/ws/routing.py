"""Which socket addresses there are, and from which origins they may be opened."""

from __future__ import annotations

from typing import Any

from channels.routing import URLRouter
from channels.security.websocket import OriginValidator
from django.conf import settings
from django.urls import path

from chat.ws.consumer import ChatConsumer

_router = URLRouter([path("ws/chat/", ChatConsumer.as_asgi())])  # type: ignore[arg-type, list-item]  # Channels' stubs

#: Whole origins (scheme, host and port): a cookie from any other page speaks for nobody.
websocket: Any = OriginValidator(_router, settings.PUBLIC_ORIGINS)
