"""A small proxy in front of a server under test, which can do what proxies do wrong.

    with Proxy(server_port, port=port, buffers=True): ...

One request for each connection. ``buffers`` holds an answer back until it is whole, ``upgrades=False`` drops
what opens sockets, ``believes`` passes a client's X-Forwarded headers on, ``limit`` is the largest body in
bytes that may be announced, ``patience`` how many seconds an answer may be silent, ``tls`` a certificate and
its key.
"""

from __future__ import annotations

import asyncio
import re
import ssl
import threading
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType

HOP = ("connection", "upgrade")
FORWARDED = ("x-forwarded-for", "x-forwarded-proto")


@dataclass
class Proxy:
    upstream: int
    port: int
    buffers: bool = False
    upgrades: bool = True
    believes: bool = False
    limit: int = 25 * 1024 * 1024
    patience: float = 60
    tls: tuple[Path, Path] | None = None

    def __enter__(self) -> Proxy:
        self._loop = asyncio.new_event_loop()
        self._listening = threading.Event()
        self._thread = threading.Thread(target=self._loop.run_until_complete, args=[self._serve()])
        self._thread.start()
        self._listening.wait(10)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._loop.call_soon_threadsafe(self._ending.set)
        self._thread.join()
        self._loop.close()

    async def _serve(self) -> None:
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH) if self.tls else None
        if context and self.tls:
            context.load_cert_chain(*self.tls)
        self._ending, self._tasks = asyncio.Event(), set[asyncio.Task[None]]()
        server = await asyncio.start_server(self._accept, "127.0.0.1", self.port, ssl=context)
        self._listening.set()
        await self._ending.wait()
        server.close()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task
        self._tasks.add(task)
        with suppress(OSError, TimeoutError, asyncio.IncompleteReadError, asyncio.CancelledError):
            await self._pass_on(reader, writer)
        writer.transport.abort()
        self._tasks.discard(task)

    async def _pass_on(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").strip()
        sizes = re.findall(r"(?im)^content-length: *(\d+)", head)
        if sizes and int(sizes[0]) > self.limit:
            writer.write(b"HTTP/1.1 413 Too Large\r\nContent-Length: 0\r\n\r\n")
            await writer.drain()
            await asyncio.sleep(0.1)  # the answer leaves before the connection is cut
            return
        up_reader, up_writer = await asyncio.open_connection("127.0.0.1", self.upstream)
        try:
            up_writer.write(self._changed(head).encode("latin-1"))
            sending = asyncio.ensure_future(pump(reader, up_writer))
            if self.buffers and "upgrade:" not in head.lower():
                writer.write(await up_reader.read())
                await writer.drain()
            else:
                await pump(up_reader, writer, self.patience)
            sending.cancel()
        finally:
            up_writer.transport.abort()

    def _changed(self, head: str) -> str:
        opens_socket = self.upgrades and "\nupgrade:" in head.lower()
        dropped = (*(() if opens_socket else HOP), *(() if self.believes else FORWARDED))
        kept = [
            line
            for line in head.split("\r\n")
            if not line.lower().startswith(tuple(f"{name}:" for name in dropped))
        ]
        own = [] if opens_socket else ["Connection: close"]
        if not self.believes:
            own += ["X-Forwarded-For: 127.0.0.1", f"X-Forwarded-Proto: {'https' if self.tls else 'http'}"]
        return "\r\n".join([*kept, *own, "", ""])


async def pump(
    reader: asyncio.StreamReader, writer: asyncio.StreamWriter, patience: float | None = None
) -> None:
    while chunk := await asyncio.wait_for(reader.read(65536), patience):
        writer.write(chunk)
        await writer.drain()
