"""Requests of Django's, each in one hop to one of a few threads that stay.

Django's own handler makes a thread for each request, opens a database connection in it, and changes between
loop and thread for each middleware: more work than most of what is asked (``docs/decisions/0020``).
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from typing import IO, Any, cast

from asgiref.sync import sync_to_async
from django.core.exceptions import RequestAborted
from django.core.handlers.asgi import ASGIHandler, get_script_prefix
from django.core.handlers.base import BaseHandler
from django.core.signals import request_started
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.urls import set_script_prefix
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from chat.answers.later import Later
from chat.db import give_back
from chat.metrics import REGISTRY

#: So many requests are worked on at a time; others wait. One that waits for a locked database, or for a
#: password to be hashed, has a thread for so long.
THREADS = 32

_POOL = ThreadPoolExecutor(THREADS, thread_name_prefix="request")
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
        await self.finish(await self.in_thread(request, body), send)

    def respond(self, request: HttpRequest, body: IO[bytes]) -> HttpResponseBase:
        """Middleware and view, in a thread. It goes on when its client has gone, so it closes the body."""
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
        waiting = _POOL._work_queue.qsize()
        yield GaugeMetricFamily("parley_requests_waiting", "Requests that wait for a thread.", waiting)


REGISTRY.register(RequestCollector())
