"""The one place where what went wrong becomes an answer of the API.

* ``{"detail": "…"}`` for everything but fields: 400, 401 (with ``WWW-Authenticate``), 403, 404, 405, 409,
  413, 415, 429 and 503 (both with ``Retry-After``), 500
* ``{"fieldName": ["…"]}`` for fields, nested as the input is: 400

Views raise ``chat.exceptions.ChatError`` or DRF's own exceptions, and return no errors themselves.
"""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from django.core.exceptions import PermissionDenied, RequestDataTooBig, SuspiciousOperation
from django.db import DataError, InterfaceError, OperationalError
from django.http import Http404, HttpResponse
from django.http.response import HttpResponseBase
from rest_framework import exceptions, status
from rest_framework.response import Response

from chat.api.auth import SCHEME
from chat.api.casing import camel_keys
from chat.api.hostile import too_large
from chat.api.renderers import encode
from chat.db import refusal
from chat.exceptions import (
    BUSY_SECONDS,
    BadRequest,
    ChatError,
    Internal,
    NotAllowed,
    NotFound,
    RateLimited,
)

logger = logging.getLogger(__name__)

#: Where errors are such JSON even when no view was reached.
PREFIX = "/api/"


def handle(error: Exception, context: Mapping[str, Any]) -> Response | None:
    """DRF's exception handler. None: a fault of ours, which Django logs and ``config.urls`` answers."""
    if isinstance(error, exceptions.APIException):
        return _of_drf(error)
    known = translate(error)
    return None if known is None else _response(known)


def translate(error: Exception) -> ChatError | None:
    """The product's own error for one of Django's."""
    match error:
        case ChatError():
            return error
        case Http404():
            return NotFound()
        case PermissionDenied():
            return NotAllowed()
        case RequestDataTooBig():
            return too_large()
        case SuspiciousOperation() | DataError():
            return BadRequest()
        case OperationalError() | InterfaceError():
            return refusal(error)
    return None


def headers_of(error: ChatError) -> dict[str, str]:
    if isinstance(error, RateLimited):
        return {"Retry-After": str(int(error.retry_after) + 1)}
    if error.status == status.HTTP_401_UNAUTHORIZED:
        return {"WWW-Authenticate": SCHEME}
    return {"Retry-After": str(BUSY_SECONDS)} if error.status == status.HTTP_503_SERVICE_UNAVAILABLE else {}


def _response(error: ChatError) -> Response:
    return Response({"detail": str(error.message)}, error.status, headers=headers_of(error))


def _of_drf(error: exceptions.APIException) -> Response:
    headers = {}
    if challenge := getattr(error, "auth_header", None):
        headers["WWW-Authenticate"] = challenge
    if wait := getattr(error, "wait", None):
        headers["Retry-After"] = str(int(wait) + 1)
    detail = error.detail[0] if isinstance(error.detail, list) and error.detail else error.detail
    body = camel_keys(detail) if isinstance(detail, dict) else {"detail": str(detail)}
    return Response(body, error.status_code, headers=headers)


def plain(error: ChatError) -> HttpResponse:
    body = encode({"detail": str(error.message)})
    return HttpResponse(body, "application/json", error.status, headers=headers_of(error))


async def translated(work: Callable[[], Awaitable[HttpResponseBase]]) -> HttpResponseBase:
    """What ``work`` answers, or the error that it ends in: for what runs after the view."""
    try:
        return await work()
    except Exception as error:
        known = translate(error)
        if known is None:
            logger.exception("answer_crashed")
        return plain(known or Internal())
