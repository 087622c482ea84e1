"""Responses that wait for something without a thread.

A view runs in a thread, of which there are few (``chat.answers.handler``). A view that has read and checked
its request returns ``Later``; what has to be waited for is then awaited in the event loop, and the thread and
its database connection are given back first. Streams begin in the same way, and hold neither.
"""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from typing import Any

from django.http import HttpResponse
from django.http.response import HttpResponseBase

#: What describes the body of a response, and not the request that it answers.
OF_THE_BODY = {"content-type", "content-length"}


class Later(HttpResponse):
    """Takes the place of the response that ``answer`` makes. Of the headers which the middleware gave to this
    one, the other gets those that it lacks."""

    def __init__(self, answer: Callable[[], Coroutine[Any, Any, HttpResponseBase]]) -> None:
        super().__init__()
        self._answer = answer
        self._told: list[Callable[[HttpResponseBase], None]] = []

    def then(self, tell: Callable[[HttpResponseBase], None]) -> None:
        """Have ``tell`` called with the response, before it is sent."""
        self._told.append(tell)

    async def now(self) -> HttpResponseBase:
        response = await self._answer()
        for name, value in self.items():
            if name.lower() not in OF_THE_BODY:
                response.setdefault(name, value)
        response.cookies.update(self.cookies)
        if not response.streaming:
            response.setdefault("Content-Length", str(len(response.content)))  # type: ignore[attr-defined]
        response._resource_closers += self._resource_closers  # type: ignore[attr-defined]
        for tell in self._told:
            tell(response)
        return response
