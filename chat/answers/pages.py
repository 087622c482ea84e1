"""What the pages of members and of visitors read and write: functions of a request and a principal.

Both pages show the same things in the same shapes; who they are for is decided before.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from uuid import UUID

import orjson
from django.db import InterfaceError, OperationalError
from django.http import HttpRequest, HttpResponse, HttpResponseBase, JsonResponse

from chat import selectors
from chat.cursors import page_after
from chat.db import refusal
from chat.exceptions import BUSY_SECONDS, BadRequest, ChatError, RateLimited
from chat.limits import take_request
from chat.principals import Principal
from chat.selectors.searching import mentioning, searching, words_of
from chat.services import conversations
from chat.shapes import conversation_row, feedback_shape, message_shape

CONVERSATIONS_PAGE, MESSAGES_PAGE = 30, 40
#: More than anybody types: each reads everything that its person has.
SEARCHES_PER_MINUTE = 60


def error_response(error: ChatError) -> JsonResponse:
    body: dict[str, Any] = {"code": error.code, "message": str(error.message)}
    response = JsonResponse(body, status=error.status)
    if isinstance(error, RateLimited):
        response["Retry-After"] = str(int(error.retry_after) + 1)
    elif error.status == 503:
        response["Retry-After"] = str(BUSY_SECONDS)
    return response


def answered(view: Callable[[], HttpResponseBase]) -> HttpResponseBase:
    """The view's answer; what goes wrong becomes JSON that says what to do."""
    try:
        return view()
    except ChatError as error:
        return error_response(error)
    except (OperationalError, InterfaceError) as error:
        return error_response(refusal(error))


def body_of(request: HttpRequest) -> dict[str, Any]:
    try:
        body = orjson.loads(request.body)
    except orjson.JSONDecodeError:
        body = None
    if not isinstance(body, dict):
        raise BadRequest
    return body


def text_of(body: dict[str, Any], name: str) -> str:
    value = body.get(name, "")
    if not isinstance(value, str):
        raise BadRequest
    return value


def conversation_list(request: HttpRequest, principal: Principal) -> JsonResponse:
    words = words_of(request.GET.get("q", ""))
    if words:
        take_request(f"search:{principal.label}", SEARCHES_PER_MINUTE)
    found = mentioning(selectors.conversations_of(principal), words, "title")
    with searching(words):
        rows, following = page_after(
            found, ("last_message_created_at", "pk"), request.GET.get("cursor"), CONVERSATIONS_PAGE
        )
    return JsonResponse({"results": [conversation_row(row) for row in rows], "next": following})


def message_list(request: HttpRequest, principal: Principal, id: UUID) -> JsonResponse:
    found = selectors.conversation_for(principal, id)
    rows, following = page_after(
        selectors.messages_of(found), ("position",), request.GET.get("cursor"), MESSAGES_PAGE
    )
    return JsonResponse(
        {
            "conversation": conversation_row(found),
            "results": [message_shape(row, to=principal) for row in rows],
            "next": following,
        }
    )


def mark_read(request: HttpRequest, principal: Principal, id: UUID) -> HttpResponse:
    conversations.mark_read(principal=principal, conversation=id)
    return HttpResponse(status=204)


def feedback(request: HttpRequest, principal: Principal, id: UUID) -> JsonResponse:
    body = body_of(request)
    given = conversations.give_feedback(
        principal=principal,
        message=id,
        type=text_of(body, "type") if body.get("type") else None,
        suggestion=text_of(body, "suggestion"),
    )
    return JsonResponse({"feedback": feedback_shape(given)})
