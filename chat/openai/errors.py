"""Errors in OpenAI's shape: ``{"error": {"message", "type", "param", "code"}}``."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable
from http import HTTPStatus
from typing import Any

import orjson
from django.core.exceptions import RequestDataTooBig
from django.db import DataError, InterfaceError, OperationalError
from django.http import HttpResponse
from django.http.response import HttpResponseBase
from django.utils.translation import gettext_lazy as _

from chat.db import refusal
from chat.exceptions import (
    BUSY_SECONDS,
    BadRequest,
    ChatError,
    Internal,
    NotAllowed,
    NotFound,
    RateLimited,
    TooLarge,
)

logger = logging.getLogger(__name__)

#: Where errors have this shape even when no view was reached.
PREFIX = "/v1/"
TYPES = {
    HTTPStatus.FORBIDDEN: "permission_error",
    HTTPStatus.TOO_MANY_REQUESTS: "rate_limit_error",
}
#: Their codes for ours, where their clients look for them; some errors have it as ``theirs``.
CODES = {
    "too_large": "context_length_exceeded",
    "rate_limited": "rate_limit_exceeded",
    "daily_limit": "insufficient_quota",
}


class Invalid(BadRequest):
    """Names the parameter that is wrong."""

    def __init__(self, message: Any, param: str) -> None:
        super().__init__(message)
        self.param = param


class NoModel(NotFound):
    theirs = "model_not_found"
    default = _("There is no such model, or this key has no access to it. GET /v1/models lists all.")


class NoKey(NotAllowed):
    theirs = "invalid_api_key"
    status = 401
    default = _("Send an API key that works, as Authorization: Bearer <key>.")


def error_body(message: str, code: str, status: int, param: str | None = None) -> dict[str, Any]:
    kind = TYPES.get(HTTPStatus(status), "server_error" if status >= 500 else "invalid_request_error")
    error = {"message": message, "type": kind, "param": param, "code": CODES.get(code, code)}
    return {"error": error}


def response_to(error: Exception) -> HttpResponse:
    """The answer to any error; one that nobody foresaw is logged."""
    known = _translate(error)
    if known is None:
        logger.exception("answer_crashed")
        known = Internal()
    status = 400 if isinstance(known, TooLarge) else known.status
    code = getattr(known, "theirs", known.code)
    body = error_body(str(known.message), code, status, getattr(known, "param", None))
    headers = {}
    if isinstance(known, RateLimited):
        headers["Retry-After"] = str(int(known.retry_after) + 1)
    elif status == HTTPStatus.SERVICE_UNAVAILABLE:
        headers["Retry-After"] = str(BUSY_SECONDS)
    elif status == HTTPStatus.UNAUTHORIZED:
        headers["WWW-Authenticate"] = "Bearer"
    return HttpResponse(orjson.dumps(body), "application/json", status, headers=headers)


def _translate(error: Exception) -> ChatError | None:
    match error:
        case ChatError():
            return error
        case RequestDataTooBig():
            return TooLarge()
        case DataError():
            return BadRequest()
        case OperationalError() | InterfaceError():
            return refusal(error)
    return None


async def translated(work: Callable[[], Awaitable[HttpResponseBase]]) -> HttpResponseBase:
    """What ``work`` answers, or the error in which it ends: for what runs after the view."""
    try:
        return await work()
    except Exception as error:
        return response_to(error)
