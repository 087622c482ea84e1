"""Static files, answered in the event loop.

A page asks for about eighty of them. As a request of Django's each would be given a thread and pass through
every middleware, for a file of a few kilobytes whose headers are known since the start.
"""

from __future__ import annotations

from typing import Any

from whitenoise.middleware import WhiteNoiseMiddleware


class StaticFiles:
    """An ASGI application in front of another one, which gets every path that is no static file.

    The files, their compressed forms, their headers and conditional and partial answers are WhiteNoise's: its
    middleware, which reads Django's settings, without the part that is one.
    """

    def __init__(self, application: Any) -> None:
        self.application = application
        self.files: Any = WhiteNoiseMiddleware()  # type: ignore[no-untyped-call]

    async def __call__(self, scope: dict[str, Any], receive: Any, send: Any) -> None:
        path = scope["path"]
        find = self.files.find_file if self.files.autorefresh else self.files.files.get
        if path.startswith(self.files.static_prefix) and (file := find(path)):
            await answer(scope, file, send)
        else:
            await self.application(scope, receive, send)


async def answer(scope: dict[str, Any], file: Any, send: Any) -> None:
    asked = {
        "HTTP_" + name.decode("latin-1").upper().replace("-", "_"): value.decode("latin-1")
        for name, value in scope["headers"]
    }
    response = file.get_response(scope["method"], asked)
    headers = [(name.lower().encode("latin-1"), value.encode("latin-1")) for name, value in response.headers]
    headers.append((b"x-content-type-options", b"nosniff"))
    body = b""
    if response.file is not None:
        with response.file:
            body = response.file.read()
    await send({"type": "http.response.start", "status": int(response.status), "headers": headers})
    await send({"type": "http.response.body", "body": body})
