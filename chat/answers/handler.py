"""Requests of Django's, each in one hop to one of a few threads that stay.

Django's own handler makes a thread for each request, opens a database connection in it, and changes between
loop and thread for each middleware: more work than most of what is asked (``docs/decisions/0020``).
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from itertools import count
from typing import IO, Any, NamedTuple, cast

from asgiref.sync import sync_to_async
from django.core.exceptions import RequestAborted
from django.core.handlers.asgi import ASGIHandler, get_script_prefix
from django.core.handlers.base import BaseHandler
from django.core.signals import request_started
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.http.response import HttpResponseBase
from django.urls import set_script_prefix
from django.utils.translation import get_language_from_request, gettext, override
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from chat.answers.later import Later
from chat.db import give_back
from chat.exceptions import StorageBusy
from chat.metrics import REGISTRY

#: So many requests are worked on at a time; others wait. One that waits for a locked database, or for a
#: password to be hashed, has a thread for so long.
THREADS = 32
#: So many wait for a thread, and so many bytes of their bodies; who comes then is to try again, in seconds.
MOST_WAITING, MOST_WAITING_BYTES, RETRY_AFTER = 500, 128 * 1024 * 1024, 2


class Waiting(NamedTuple):
    request: HttpRequest
    body: IO[bytes]
    size: int


_POOL = ThreadPoolExecutor(THREADS, thread_name_prefix="request")
#: The requests that wait, by their numbers. The queue of the pool has the numbers alone: those of clients
#: that have gone stay in it until a thread is free, and hold nothing.
_waiting: dict[int, Waiting] = {}
_numbers = count()
#: The requests that have a thread at this moment.
_busy: set[int] = set()


class Handler:
    """An ASGI application for HTTP: middleware and view together in a thread, and ``Later``.

    ``in_loop`` are the paths that must be answered when no thread is free: they take Django's own way.
    """

    def __init__(self, in_loop: frozenset[str] = frozenset()) -> None:
        self.in_loop = in_loop
        self.django = ASGIHandler()
        self.chain = BaseHandler()
        self.chain.load_middleware()
        self.in_thread = sync_to_async(self.respond, thread_sensitive=False, executor=_POOL)

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if scope["path"] in self.in_loop:
            await self.django(scope, receive, send)
        else:
            await self.handle(scope, receive, send)

    async def handle(self, scope: Any, receive: Any, send: Any) -> None:
        try:
            body = await self.django.read_body(receive)
        except RequestAborted:
            return
        set_script_prefix(get_script_prefix(scope))
        request, refusal = self.django.create_request(scope, body)
        if request is None:
            body.close()
            await self.finish(cast("HttpResponseBase", refusal), send)
        else:
            await while_connected(self.answer(request, body, send), receive)

    async def answer(self, request: HttpRequest, body: IO[bytes], send: Any) -> None:
        size = body.seek(0, os.SEEK_END)
        body.seek(0)
        if is_full(size):
            body.close()
            await self.finish(refusal(request), send)
            return
        number = next(_numbers)
        _waiting[number] = Waiting(request, body, size)
        try:
            response = await self.in_thread(number)
        finally:
            if left := _waiting.pop(number, None):
                left.body.close()
        await self.finish(response, send)

    def respond(self, number: int) -> HttpResponseBase:
        """Middleware and view, in a thread. It goes on when its client has gone, so it closes the body."""
        request, body, _size = _waiting.pop(number)  # nobody hears the error if its client has just left
        _busy.add(id(request))
        try:
            request_started.send(sender=self.__class__, scope=request.scope)  # type: ignore[attr-defined]
            response: HttpResponseBase = self.chain.get_response(request)
        finally:
            give_back()
            body.close()
            _busy.discard(id(request))
        response._handler_class = self.__class__  # type: ignore[attr-defined]
        return response

    async def finish(self, response: HttpResponseBase, send: Any) -> None:
        try:
            if isinstance(response, Later):
                response = await response.now()
            await self.django.send_response(response, send)
        finally:
            response.close()


def is_full(size: int) -> bool:
    """Whether there is no place left for a request with a body of so many bytes."""
    waiting = list(_waiting.values())
    return len(waiting) >= MOST_WAITING or sum(one.size for one in waiting) + size > MOST_WAITING_BYTES


def refusal(request: HttpRequest) -> HttpResponse:
    """For people and for programs of any kind: nothing has looked at the request yet."""
    with override(get_language_from_request(request)):
        sentence = gettext("The server has too much to do. Try again in a moment.")
    response: HttpResponse
    if "text/html" in request.headers.get("Accept", ""):
        response = HttpResponse(sentence, "text/plain; charset=utf-8", StorageBusy.status)
    else:
        shape = {"detail": sentence, "code": StorageBusy.code, "message": sentence}
        response = JsonResponse(shape, status=StorageBusy.status)
    response["Retry-After"] = str(RETRY_AFTER)
    response["Cache-Control"] = "no-store"
    response["X-Content-Type-Options"] = "nosniff"
    return response


async def while_connected(work: Any, receive: Any) -> None:
    """Do the work until it is done or the client has gone: then it is cancelled, and what still waits for a
    thread never gets one."""
    working, leaving = asyncio.ensure_future(work), asyncio.ensure_future(receive())
    try:
        await asyncio.wait([working, leaving], return_when=asyncio.FIRST_COMPLETED)
    finally:
        leaving.cancel()
        if not working.done():
            working.cancel()
        with suppress(asyncio.CancelledError):
            await working


class RequestCollector(Collector):
    def collect(self) -> Iterator[Metric]:
        yield GaugeMetricFamily("parley_request_threads_busy", "Requests that have a thread.", len(_busy))
        yield GaugeMetricFamily("parley_requests_waiting", "Requests that wait for a thread.", len(_waiting))


REGISTRY.register(RequestCollector())
