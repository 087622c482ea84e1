"""The chat page and the JSON that it reads and writes. History comes from here; the socket carries what is
new and what is running."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any
from uuid import UUID

import orjson
from django.contrib.auth.decorators import login_required
from django.db import OperationalError
from django.http import HttpRequest, HttpResponse, HttpResponseBase, JsonResponse
from django.shortcuts import render
from django.urls import NoReverseMatch, reverse
from django.utils.translation import get_language
from django.views.decorators.csrf import ensure_csrf_cookie
from django.views.decorators.http import require_http_methods, require_safe

from chat import selectors
from chat.cursors import page_after
from chat.db import refusal
from chat.exceptions import BadRequest, ChatError, NotAllowed, NotFound, RateLimited
from chat.models import User
from chat.principals import Principal
from chat.replies.engine import stop_upstreams
from chat.selectors.searching import mentioning, searching, words_of
from chat.services import conversations
from chat.services.contents import MESSAGE_BYTES
from chat.shapes import conversation_row, feedback_shape, message_shape

CONVERSATIONS_PAGE, MESSAGES_PAGE = 30, 40

View = Callable[..., HttpResponseBase]


def principal_of(request: HttpRequest) -> Principal:
    principal = selectors.member_principal(request.user) if isinstance(request.user, User) else None
    if principal is None:
        raise NotAllowed
    return principal


def error_response(error: ChatError) -> JsonResponse:
    body: dict[str, Any] = {"code": error.code, "message": str(error.message)}
    response = JsonResponse(body, status=error.status)
    if isinstance(error, RateLimited):
        response["Retry-After"] = str(int(error.retry_after) + 1)
    return response


def json_view(view: View) -> View:
    """Give the view the member's principal; turn what goes wrong into JSON that says what to do."""

    @wraps(view)
    def inner(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if not request.user.is_authenticated:
            return JsonResponse({"code": "forbidden", "message": str(NotAllowed.default)}, status=401)
        try:
            return view(request, principal_of(request), *args, **kwargs)
        except ChatError as error:
            return error_response(error)
        except OperationalError as error:
            return error_response(refusal(error))

    return inner


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


@require_safe
@login_required
@ensure_csrf_cookie
def chat_page(request: HttpRequest, conversation: UUID | None = None) -> HttpResponse:
    assert isinstance(request.user, User)  # noqa: S101 (login_required)
    principal = selectors.member_principal(request.user)
    if principal is None:
        return render(request, "chat/no_organization.html", status=403)
    missing = False
    if conversation is not None:
        try:
            selectors.conversation_for(principal, conversation)
        except NotFound:
            missing = True
    context = {"boot": boot(request, request.user, principal, conversation, missing)}
    return render(request, "chat/page.html", context, status=404 if missing else 200)


def boot(
    request: HttpRequest, user: User, principal: Principal, conversation: UUID | None, missing: bool
) -> dict[str, Any]:
    chatbots = [
        {
            "id": str(chatbot.pk),
            "name": chatbot.name,
            "greeting": chatbot.greeting,
            "starters": chatbot.starters,
            "documents": selectors.documents_of(chatbot),
        }
        for chatbot in selectors.chatbots_of(principal)
    ]
    asked = request.GET.get("chatbot", "")
    return {
        "user": {"id": str(user.pk), "name": str(user), "email": user.email or "", "isStaff": user.is_staff},
        "chatbots": chatbots,
        "chatbot": asked if asked in {one["id"] for one in chatbots} else None,
        "conversation": str(conversation) if conversation and not missing else None,
        "notFound": missing,
        "limits": {"messageBytes": MESSAGE_BYTES},
        "language": get_language() or "en",
        "urls": {name: address(view) for name, view in ADDRESSES.items()},
    }


ADDRESSES = {"admin": "admin:index", "profile": "account_profile", "logout": "account_logout"}


def address(name: str) -> str:
    try:
        return reverse(name)
    except NoReverseMatch:
        return ""


@require_safe
@json_view
def conversation_list(request: HttpRequest, principal: Principal) -> JsonResponse:
    words = words_of(request.GET.get("q", ""))
    found = mentioning(selectors.conversations_of(principal), words, "title")
    with searching(words):
        rows, following = page_after(
            found, ("last_message_created_at", "pk"), request.GET.get("cursor"), CONVERSATIONS_PAGE
        )
    return JsonResponse({"results": [conversation_row(row) for row in rows], "next": following})


@require_http_methods(["PATCH", "DELETE"])
@json_view
def conversation(request: HttpRequest, principal: Principal, id: UUID) -> HttpResponse:
    if request.method == "DELETE":
        open_replies = conversations.delete_conversation(principal=principal, conversation=id)
        stop_upstreams(open_replies)
        return HttpResponse(status=204)
    renamed = conversations.rename_conversation(
        principal=principal, conversation=id, title=text_of(body_of(request), "title")
    )
    return JsonResponse(conversation_row(renamed))


@require_safe
@json_view
def message_list(request: HttpRequest, principal: Principal, id: UUID) -> JsonResponse:
    found = selectors.conversation_for(principal, id)
    rows, following = page_after(
        selectors.messages_of(found), ("position",), request.GET.get("cursor"), MESSAGES_PAGE
    )
    return JsonResponse(
        {
            "conversation": conversation_row(found),
            "results": [message_shape(row) for row in rows],
            "next": following,
        }
    )


@require_http_methods(["POST"])
@json_view
def mark_read(request: HttpRequest, principal: Principal, id: UUID) -> HttpResponse:
    conversations.mark_read(principal=principal, conversation=id)
    return HttpResponse(status=204)


@require_http_methods(["PUT"])
@json_view
def feedback(request: HttpRequest, principal: Principal, id: UUID) -> JsonResponse:
    body = body_of(request)
    given = conversations.give_feedback(
        principal=principal,
        message=id,
        type=text_of(body, "type") if body.get("type") else None,
        suggestion=text_of(body, "suggestion"),
    )
    return JsonResponse({"feedback": feedback_shape(given)})
