"""A Channels consumer on Daphne and uvloop, with httpx: the product's frameworks without the product.

``--plain`` takes them as they come, httpx on its own transport and json, instead of aiohttp's transport and
orjson.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from typing import Any

import aiohttp
import httpx
import orjson
import uvloop
from django.conf import settings
from httpx_aiohttp import AiohttpTransport
from twisted.internet import asyncioreactor

from benchmarks.relays import arguments
from benchmarks.relays.frames import READY, Events, request_body

loop = uvloop.new_event_loop()
asyncio.set_event_loop(loop)
asyncioreactor.install(loop)
settings.configure()

from channels.generic.websocket import AsyncWebsocketConsumer  # noqa: E402
from channels.routing import ProtocolTypeRouter  # noqa: E402
from daphne.server import Server  # noqa: E402 (it would install a reactor of its own)

options = arguments()
options.add_argument("--plain", action="store_true")
chosen = options.parse_args()

loads: Callable[[bytes], Any] = json.loads if chosen.plain else orjson.loads
url = f"{chosen.upstream}/chat/completions"


def dumps(frame: Any) -> str:
    return json.dumps(frame, separators=(",", ":")) if chosen.plain else orjson.dumps(frame).decode()


def new_client() -> httpx.AsyncClient:
    if chosen.plain:
        limits = httpx.Limits(max_connections=None, max_keepalive_connections=None)
        return httpx.AsyncClient(timeout=None, limits=limits, trust_env=False)  # noqa: S113 (the upstream is ours)
    session = aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0))
    transport = AiohttpTransport(limits=httpx.Limits(max_connections=0), client=session)
    return httpx.AsyncClient(timeout=None, transport=transport, trust_env=False)  # noqa: S113


class Relay(AsyncWebsocketConsumer):
    client: httpx.AsyncClient | None = None

    async def connect(self) -> None:
        Relay.client = Relay.client or new_client()
        self.replies: set[asyncio.Task[None]] = set()
        await self.accept()

    async def receive(self, text_data: str | None = None, bytes_data: bytes | None = None) -> None:
        frame = loads((text_data or "").encode())
        if frame["type"] == "hello":
            await self.send(dumps(READY))
        elif frame["type"] == "send":
            reply = asyncio.create_task(self.reply(frame["content"]))
            self.replies.add(reply)
            reply.add_done_callback(self.replies.discard)

    async def disconnect(self, code: int) -> None:
        for reply in self.replies:
            reply.cancel()

    async def reply(self, content: str) -> None:
        assert self.client
        events = Events(loads)
        headers = {"Content-Type": "application/json"}
        body = dumps(request_body(content))
        async with self.client.stream("POST", url, content=body, headers=headers) as response:
            async for chunk in response.aiter_raw():
                for frame in events.frames(chunk):
                    await self.send(dumps(frame))


if __name__ == "__main__":
    Server(
        ProtocolTypeRouter({"websocket": Relay.as_asgi()}),
        endpoints=[f"tcp:port={chosen.port}:interface=127.0.0.1"],
        signal_handlers=False,
    ).run()
