"""Headers that limit what a page may do, one policy for each surface (``docs/security.md``)."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import Any, TypeAlias
from urllib.parse import urlsplit

from asgiref.sync import iscoroutinefunction
from django.conf import settings
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.utils.decorators import sync_and_async_middleware

from chat.answers.policy import STRICT

Sync: TypeAlias = Callable[[HttpRequest], HttpResponseBase]
Async: TypeAlias = Callable[[HttpRequest], Awaitable[HttpResponseBase]]

#: django-unfold works with Alpine and htmx, which evaluate attributes and set styles. What strangers wrote
#: must therefore reach an admin page only as escaped text.
ADMIN = STRICT | {"script-src": "'self' 'unsafe-eval'", "style-src": "'self' 'unsafe-inline'"}

#: Swagger UI sets styles.
DOCS = STRICT | {"style-src": "'self' 'unsafe-inline'"}
DOCS_PATHS = tuple(f"/{prefix}/docs{slash}" for prefix in ("api", "api/v1") for slash in ("", "/"))

PERMISSIONS = ", ".join(
    f"{feature}=()"
    for feature in ("browsing-topics", "camera", "geolocation", "microphone", "midi", "payment", "usb")
)


def policy_for(path: str) -> Mapping[str, str]:
    if path.startswith("/admin/"):
        return ADMIN
    if path in DOCS_PATHS:
        return DOCS
    if path.startswith("/accounts/"):
        return STRICT | {"form-action": _form_targets()}
    return STRICT


def _form_targets() -> str:
    """Single sign-on begins with a form whose answer leads to the provider, and browsers apply
    ``form-action`` to that redirect too."""
    providers: list[dict[str, Any]] = settings.SOCIALACCOUNT_PROVIDERS["openid_connect"]["APPS"]
    addresses = [urlsplit(provider["settings"]["server_url"]) for provider in providers]
    return " ".join(["'self'", *(f"{address.scheme}://{address.netloc}" for address in addresses)])


def add_headers(request: HttpRequest, response: HttpResponseBase) -> None:
    """Give the response what it lacks.

    A view that sets ``Content-Security-Policy`` itself speaks for framing as well: then neither header is
    touched.
    """
    if not response.has_header("Content-Security-Policy"):
        policy = policy_for(request.path)
        response["Content-Security-Policy"] = "; ".join(f"{name} {value}" for name, value in policy.items())
        response.setdefault("X-Frame-Options", "DENY")
    response.setdefault("Permissions-Policy", PERMISSIONS)


@sync_and_async_middleware
def SecurityHeadersMiddleware(get_response: Sync | Async) -> Sync | Async:
    """Works in either world without a change of thread, which would cost every request a hop."""
    if iscoroutinefunction(get_response):
        following: Async = get_response

        async def in_the_loop(request: HttpRequest) -> HttpResponseBase:
            response = await following(request)
            add_headers(request, response)
            return response

        return in_the_loop

    preceding: Sync = get_response  # type: ignore[assignment]  # what is no coroutine function is synchronous

    def in_a_thread(request: HttpRequest) -> HttpResponseBase:
        response = preceding(request)
        add_headers(request, response)
        return response

    return in_a_thread
