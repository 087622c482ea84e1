"""A WebSocket client that costs next to nothing, so that one core can play hundreds of browser tabs."""

from __future__ import annotations

import asyncio
import base64
import os
from typing import cast

TEXT, CLOSE, PING, PONG = 0x81, 0x88, 0x89, 0x8A


class WebSocket(asyncio.Protocol):
    """Subclasses take the messages in ``text_received``. Knows what servers here send: no compression, no
    fragments."""

    transport: asyncio.Transport

    def __init__(self, address: str, *, port: int, path: str, cookie: str) -> None:
        self._request = (
            f"GET {path} HTTP/1.1\r\nHost: {address}:{port}\r\nOrigin: http://{address}:{port}\r\n"
            f"Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"
            f"Sec-WebSocket-Key: {base64.b64encode(os.urandom(16)).decode()}\r\nCookie: {cookie}\r\n\r\n"
        ).encode()
        self._rest = b""
        self._upgraded = False
        self.close_code: int | None = None
        self.gone = asyncio.Event()

    def upgraded(self) -> None: ...

    def text_received(self, body: bytes) -> None: ...

    def closed(self) -> None: ...

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        # uvloop's transports do not inherit from asyncio's.
        self.transport = cast("asyncio.Transport", transport)
        self.transport.write(self._request)

    def connection_lost(self, exc: Exception | None) -> None:
        self.close_code = self.close_code or 1006
        self.gone.set()
        self.closed()

    def data_received(self, data: bytes) -> None:
        if self._rest:
            data = self._rest + data
        if not self._upgraded:
            head, found, data = data.partition(b"\r\n\r\n")
            if not found:
                self._rest = head
                return
            if not head.startswith(b"HTTP/1.1 101"):
                raise ConnectionError(head.decode("latin-1"))
            self._upgraded = True
            self.upgraded()
        self._rest = self._read(data)

    def _read(self, data: bytes) -> bytes:
        """Hand over the whole frames; returns what is left."""
        at, end = 0, len(data)
        while end - at >= 2:
            opcode, size, start = data[at], data[at + 1], at + 2
            if size >= 126:
                start += 2 if size == 126 else 8
                if start > end:
                    break
                size = int.from_bytes(data[at + 2 : start])
            if start + size > end:
                break
            at = start + size
            if opcode == TEXT:
                self.text_received(data[start:at])
            else:
                self._control(opcode, data[start:at])
        return data[at:]

    def _control(self, opcode: int, body: bytes) -> None:
        match opcode:
            case 0x89:
                self._write(PONG, body)
            case 0x88:
                self.close_code = int.from_bytes(body[:2]) or 1005
                self.transport.close()
            case 0x8A:
                pass
            case _:
                raise ConnectionError(f"a frame that begins with {opcode:#x}")

    def send_text(self, body: bytes) -> None:
        self._write(TEXT, body)

    def close(self) -> None:
        self._write(CLOSE, (1000).to_bytes(2))

    def _write(self, opcode: int, body: bytes) -> None:
        size = len(body)
        length = bytes((0x80 | size,)) if size < 126 else b"\xfe" + size.to_bytes(2)
        # A mask of zeros leaves the body as it is.
        self.transport.write(b"%c%b\0\0\0\0%b" % (opcode, length, body))
