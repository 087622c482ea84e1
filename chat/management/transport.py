"""How bytes leave: at once, and frames without a detour.

Twisted keeps what is written until its next turn, for which it adds the socket to its poll and removes it
again; Autobahn builds a frame with what only clients and extensions need. Of a token's way through this
process the two were a quarter.
"""

from __future__ import annotations

import struct
from collections.abc import Iterable
from contextlib import suppress
from socket import SO_ERROR, SOL_SOCKET
from typing import Any

from daphne.ws_protocol import WebSocketProtocol
from twisted.internet import tcp
from twisted.internet.error import ConnectionLost
from twisted.internet.main import CONNECTION_LOST
from twisted.python.failure import Failure

TEXT, BINARY = 0x81, 0x82
#: More than a client that acknowledges only what it has read can leave unread: the window and one frame.
UNREAD_BYTES = 8 * 1024 * 1024


class EagerConnection(tcp.Server):
    """Writes to the socket when nothing waits before it; what the socket does not take, waits."""

    def write(self, data: bytes) -> None:
        if self.connected and not (self._tempDataBuffer or self.dataBuffer or self.TLS or self.disconnecting):
            with suppress(OSError):  # full, or gone: the reactor waits, or sees to it
                data = data[self.socket.send(data) :]
        if data:
            self._write_later(data)

    def writeSequence(self, iovec: Iterable[bytes]) -> None:
        """A chunk of a response, or its headers."""
        self.write(b"".join(iovec))

    def _write_later(self, data: bytes) -> None:
        try:
            super().write(data)
        except RuntimeError:
            # The event loop has given up a socket with an error, of which Twisted hears nothing otherwise.
            self.reactor.callLater(0, self.connectionLost, Failure(ConnectionLost()))

    @property
    def unread(self) -> int:
        """How many bytes wait here because the client does not read."""
        return len(self.dataBuffer) - self.offset + self._tempDataLen

    def doRead(self) -> Any:
        """What is wrong with the socket, as Twisted has it. When the other side resets the connection, uvloop
        calls this once and then watches the socket no more. What came before is read first, so the reset has
        to be asked for: else nobody is told of it before the next write."""
        reason = super().doRead()
        if reason is None and self.connected and self.socket.getsockopt(SOL_SOCKET, SO_ERROR):
            return CONNECTION_LOST
        return reason


class FrameSocket(WebSocketProtocol):
    """Sends a message as one unmasked frame (no extension is ever negotiated here), and takes none any more
    when it has said that it closes: what a flood has on its way would be handed on for seconds.

    A client that acknowledges what it does not read is cut off."""

    transport: Any
    closing = False

    def onOpen(self) -> None:
        super().onOpen()
        # Twisted's: the request of the upgrade and its channel, which would be kept as long as the socket.
        self.transport.unregisterProducer()

    def serverClose(self, code: int | None = None) -> None:
        self.closing = True
        super().serverClose(code)

    def onMessage(self, payload: bytes, isBinary: bool) -> None:
        if not self.closing:
            super().onMessage(payload, isBinary)

    def serverSend(self, content: Any, binary: bool = False) -> None:
        if self.state in (self.STATE_CLOSING, self.STATE_CLOSED):
            return  # the client has gone, and the consumer is about to hear of it
        if self.state != self.STATE_OPEN or self.send_queue:
            super().serverSend(content, binary)
            return
        payload = content if binary else content.encode()
        self.transport.write(header(BINARY if binary else TEXT, len(payload)) + payload)
        if self.transport.unread > UNREAD_BYTES:
            self.transport.abortConnection()


def header(first: int, length: int) -> bytes:
    """The head of an unmasked frame (RFC 6455, section 5.2)."""
    if length < 126:
        return bytes((first, length))
    if length < 1 << 16:
        return struct.pack("!BBH", first, 126, length)
    return struct.pack("!BBQ", first, 127, length)
