"""The chat page and the JSON that it reads and writes. History comes from here; the socket carries what is
new and what is running."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any
from uuid import UUID

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse, HttpResponseBase, JsonResponse
from django.shortcuts import render
from django.urls import NoReverseMatch, reverse
from django.utils.translation import get_language
from django.views.decorators.csrf import ensure_csrf_cookie
from django.views.decorators.gzip import gzip_page
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from chat import selectors
from chat.answers import files, pages
from chat.exceptions import NotAllowed, NotFound
from chat.models import User
from chat.principals import Principal
from chat.replies.engine import stop_upstreams
from chat.services import conversations
from chat.shapes import conversation_row

View = Callable[..., HttpResponseBase]


def principal_of(request: HttpRequest) -> Principal:
    principal = selectors.member_principal(request.user) if isinstance(request.user, User) else None
    if principal is None:
        raise NotAllowed
    return principal


def json_view(view: View) -> View:
    """Give the view the member's principal."""

    @wraps(view)
    def inner(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        def known() -> HttpResponseBase:
            if not request.user.is_authenticated:
                return JsonResponse({"code": "forbidden", "message": str(NotAllowed.default)}, status=401)
            return view(request, principal_of(request), *args, **kwargs)

        return pages.answered(known)

    return inner


@require_safe
@gzip_page
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
    context = {"boot": boot(request, request.user, principal)}
    return render(request, "chat/page.html", context, status=404 if missing else 200)


def boot(request: HttpRequest, user: User, principal: Principal) -> dict[str, Any]:
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
        "limits": files.limits(),
        "language": get_language() or "en",
        "urls": {name: address(view) for name, view in ADDRESSES.items()},
    }


ADDRESSES = {"admin": "admin:index", "profile": "account_profile", "logout": "account_logout"}


def address(name: str) -> str:
    try:
        return reverse(name)
    except NoReverseMatch:
        return ""


@require_http_methods(["PATCH", "DELETE"])
@json_view
def conversation(request: HttpRequest, principal: Principal, id: UUID) -> HttpResponse:
    if request.method == "DELETE":
        open_replies = conversations.delete_conversation(principal=principal, conversation=id)
        stop_upstreams(open_replies)
        return HttpResponse(status=204)
    renamed = conversations.rename_conversation(
        principal=principal, conversation=id, title=pages.text_of(pages.body_of(request), "title")
    )
    return JsonResponse(conversation_row(renamed))


conversation_list = require_safe(json_view(pages.conversation_list))
message_list = require_safe(json_view(pages.message_list))
mark_read = require_http_methods(["POST"])(json_view(pages.mark_read))
feedback = require_http_methods(["PUT"])(json_view(pages.feedback))
attach = require_POST(json_view(files.attach))
