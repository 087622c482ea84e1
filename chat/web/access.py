"""A line in the log for each request, and an id by which the request's other lines are known."""

from __future__ import annotations

import logging
import re
import secrets
import time
from collections.abc import Awaitable, Callable
from typing import TypeAlias

from asgiref.sync import iscoroutinefunction
from django.conf import settings
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.utils.decorators import sync_and_async_middleware

from chat import logs
from chat.answers.later import Later

logger = logging.getLogger(__name__)

Sync: TypeAlias = Callable[[HttpRequest], HttpResponseBase]
Async: TypeAlias = Callable[[HttpRequest], Awaitable[HttpResponseBase]]

#: What asks for these asks all the time.
QUIET = frozenset({"/healthz", "/readyz", "/metrics"})

_ID = re.compile(r"[\w.-]{8,64}", re.ASCII)
#: A part of a path that can be no token: words, an id, or too short for one.
_NO_TOKEN = re.compile(r"[a-z_.-]*|[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}|.{1,20}", re.DOTALL)


def shown(path: str) -> str:
    """The path as it may stand in the log: links for a new password or an invitation hold a token."""
    return "/".join(part if _NO_TOKEN.fullmatch(part) else "…" for part in path.split("/"))[:200]


def request_id(request: HttpRequest) -> str:
    """The proxy's, where there is a proxy and its id is plain; otherwise a new one."""
    given = request.headers.get("X-Request-Id", "")
    trusted = settings.ALLAUTH_TRUSTED_PROXY_COUNT and _ID.fullmatch(given)
    return given if trusted else secrets.token_hex(8)


class _Access:
    """One request, from its arrival to its answer."""

    def __init__(self, request: HttpRequest) -> None:
        self.request = request
        self.id = request_id(request)
        self.began = time.perf_counter()
        logs.bind(request=self.id)

    def answered(self, response: HttpResponseBase) -> None:
        if isinstance(response, Later):
            response.then(self.answered)
            return
        response["X-Request-Id"] = self.id
        if self.request.path in QUIET:
            return
        fields = {
            "method": self.request.method,
            "path": shown(self.request.path),
            "status": response.status_code,
            "milliseconds": round((time.perf_counter() - self.began) * 1000, 1),
        }
        logger.info("request", extra=fields)


@sync_and_async_middleware
def AccessLogMiddleware(get_response: Sync | Async) -> Sync | Async:
    """Outermost, so that it sees every answer; works in either world without a change of thread."""
    if iscoroutinefunction(get_response):
        following: Async = get_response

        async def in_the_loop(request: HttpRequest) -> HttpResponseBase:
            access = _Access(request)
            response = await following(request)
            access.answered(response)
            return response

        return in_the_loop

    preceding: Sync = get_response  # type: ignore[assignment]  # what is no coroutine function is synchronous

    def in_a_thread(request: HttpRequest) -> HttpResponseBase:
        access = _Access(request)
        response = preceding(request)
        access.answered(response)
        return response

    return in_a_thread


class ShownPaths(logging.Filter):
    """Django's own lines about a request repeat its path. That a health page says "not now" is no error."""

    def filter(self, record: logging.LogRecord) -> bool:
        request = getattr(record, "request", None)
        if isinstance(request, HttpRequest) and isinstance(record.args, tuple):
            path = request.path
            if path in QUIET and not record.exc_info:
                return False
            record.args = tuple(shown(path) if argument == path else argument for argument in record.args)
        return True
