"""aiohttp on both sides, on uvloop: a relay without any framework."""

from __future__ import annotations

import asyncio

import aiohttp
import orjson
import uvloop
from aiohttp import web

from benchmarks.relays import arguments
from benchmarks.relays.frames import READY, Events, request_body


class Relay:
    def __init__(self, session: aiohttp.ClientSession, upstream: str) -> None:
        self.session, self.url = session, f"{upstream}/chat/completions"

    async def socket(self, request: web.Request) -> web.WebSocketResponse:
        socket = web.WebSocketResponse(compress=False)
        await socket.prepare(request)
        replies: set[asyncio.Task[None]] = set()
        async for message in socket:
            frame = orjson.loads(message.data)
            if frame["type"] == "hello":
                await socket.send_str(orjson.dumps(READY).decode())
            elif frame["type"] == "send":
                reply = asyncio.create_task(self.reply(socket, frame["content"]))
                replies.add(reply)
                reply.add_done_callback(replies.discard)
        for reply in replies:
            reply.cancel()
        return socket

    async def reply(self, socket: web.WebSocketResponse, content: str) -> None:
        events = Events(orjson.loads)
        body = orjson.dumps(request_body(content))
        headers = {"Content-Type": "application/json"}
        async with self.session.post(self.url, data=body, headers=headers) as response:
            async for chunk in response.content.iter_any():
                for frame in events.frames(chunk):
                    await socket.send_str(orjson.dumps(frame).decode())


async def serve(port: int, upstream: str) -> None:
    connector = aiohttp.TCPConnector(limit=0)
    async with aiohttp.ClientSession(connector=connector, timeout=aiohttp.ClientTimeout(None)) as session:
        application = web.Application()
        application.router.add_get("/", Relay(session, upstream).socket)
        runner = web.AppRunner(application, access_log=None)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", port, backlog=1024).start()
        await asyncio.Event().wait()


if __name__ == "__main__":
    options = arguments().parse_args()
    uvloop.run(serve(options.port, options.upstream))
