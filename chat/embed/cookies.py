"""Embedded pages have no cookies: whatever a browser sends with them is taken away before anything reads it,
and nothing sets one. So nobody's session has a say there, and no site learns who is logged in here."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TypeAlias

from asgiref.sync import iscoroutinefunction
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.utils.decorators import sync_and_async_middleware

Sync: TypeAlias = Callable[[HttpRequest], HttpResponseBase]
Async: TypeAlias = Callable[[HttpRequest], Awaitable[HttpResponseBase]]

PATHS = ("/web-chats/", "/js/")


def take_away(request: HttpRequest) -> bool:
    if not request.path.startswith(PATHS):
        return False
    request.META.pop("HTTP_COOKIE", None)
    request.COOKIES = {}
    return True


@sync_and_async_middleware
def WithoutCookiesMiddleware(get_response: Sync | Async) -> Sync | Async:
    """Works in either world without a change of thread."""
    if iscoroutinefunction(get_response):
        following: Async = get_response

        async def in_the_loop(request: HttpRequest) -> HttpResponseBase:
            without = take_away(request)
            response = await following(request)
            if without:
                response.cookies.clear()
            return response

        return in_the_loop

    preceding: Sync = get_response  # type: ignore[assignment]  # what is no coroutine function is synchronous

    def in_a_thread(request: HttpRequest) -> HttpResponseBase:
        without = take_away(request)
        response = preceding(request)
        if without:
            response.cookies.clear()
        return response

    return in_a_thread
