"""What went wrong, as MAAX's clients read it: ``{"error": "…"}``, on 400 with ``fields`` where a parameter is
at fault."""

from __future__ import annotations

from typing import Any

from django.core.exceptions import RequestDataTooBig, SuspiciousOperation
from django.db import DataError, InterfaceError, OperationalError
from django.http import JsonResponse, UnreadablePostError
from django.http.multipartparser import MultiPartParserError
from django.utils.translation import gettext_lazy as _
from rest_framework.exceptions import MethodNotAllowed

from chat.db import refusal
from chat.exceptions import BUSY_SECONDS, BadRequest, ChatError, NotFound, RateLimited, TooLarge


class NoKey(ChatError):
    code = "forbidden"
    status = 401
    default = _("The header 2hd-api-key is missing, or its key is not valid.")


class InvalidParameters(BadRequest):
    default = _("Some parameters are missing or not right.")

    def __init__(self, fields: dict[str, str]) -> None:
        super().__init__()
        self.fields = fields


class BodyTooLarge(TooLarge):
    default = _("The body of this request can be at most 1 MB.")


def response_to(error: Exception) -> JsonResponse | None:
    """None: a fault of ours, for Django to log and to answer."""
    if isinstance(error, MethodNotAllowed):
        return JsonResponse({"error": "Invalid request method"}, status=405)
    known = _known(error)
    if known is None:
        return None
    body: dict[str, Any] = {"error": str(known.message)}
    if isinstance(known, InvalidParameters):
        body["fields"] = known.fields
    return JsonResponse(body, status=_status(known), headers=_headers(known))


def _known(error: Exception) -> ChatError | None:
    match error:
        case ChatError():
            return error
        case RequestDataTooBig():
            return BodyTooLarge()
        case SuspiciousOperation() | MultiPartParserError() | UnreadablePostError() | DataError():
            return BadRequest()
        case OperationalError() | InterfaceError():
            return refusal(error)
    return None


def _status(error: ChatError) -> int:
    """What is absent and what is another company's are both forbidden, as documented for the latter."""
    return 403 if isinstance(error, NotFound) else error.status


def _headers(error: ChatError) -> dict[str, str]:
    if error.status == 401:
        return {"WWW-Authenticate": "2hd-api-key"}
    if isinstance(error, RateLimited):
        return {"Retry-After": str(int(error.retry_after) + 1)}
    return {"Retry-After": str(BUSY_SECONDS)} if error.status == 503 else {}
