"""HTTP requests as Daphne takes them, but bounded.

Daphne keeps a body in a file while it arrives, then reads all of it into memory, and Twisted reads forms a
second time in the event loop. From anybody, before any log-in: 400 MB took 400 MB, and a form of 24 MB held
up every reply for five seconds.
"""

from __future__ import annotations

from typing import Any

from daphne.http_protocol import HTTPFactory, WebRequest

#: More than any page or address takes, and what the documented proxies let through.
BODY_BYTES = 25 * 1024 * 1024

_TOO_LARGE = b"HTTP/1.1 413 Content Too Large\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"


class BoundedRequest(WebRequest):
    """Refused as soon as its body is, or says that it will be, over ``BODY_BYTES``."""

    content: Any
    channel: Any
    refused = False

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        # Django reads forms, in its threads; nobody asks for what Twisted reads of them.
        super().__init__(*args, parsePOSTFormSubmission=False, **kwargs)

    def gotLength(self, length: int | None) -> None:
        super().gotLength(length)
        if length is not None and length > BODY_BYTES:
            self.refuse()

    def handleContentChunk(self, data: bytes) -> None:
        if self.refused:
            return
        if self.content.tell() + len(data) > BODY_BYTES:
            self.refuse()
        else:
            super().handleContentChunk(data)

    def process(self) -> Any:
        if self.server.closing:
            self.close_after()
        return None if self.refused else super().process()

    def close_after(self) -> None:
        """The connection is not kept for another request."""
        self.channel.persistent = False

    @property
    def streams(self) -> bool:
        """Whether it is being answered with events, as many as there will be."""
        kind = self.responseHeaders.getRawHeaders(b"content-type", [b""])
        return self._response_started and kind[0].startswith(b"text/event-stream")

    def refuse(self) -> None:
        self.refused = True
        self.channel.transport.write(_TOO_LARGE)
        self.channel.loseConnection()


class BoundedFactory(HTTPFactory):
    def buildProtocol(self, addr: Any) -> Any:
        protocol = super().buildProtocol(addr)
        protocol.requestFactory = BoundedRequest
        return protocol
