"""What the page of a web chat reads and writes, as the member's page does: for ``Authorization: Visitor
<token>`` and the site of ``Parley-Site``. There are no cookies, so
no other site's page can forge anything."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any
from uuid import UUID

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseBase, JsonResponse
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from chat.answers import files, pages
from chat.limits import address_of, network_of, take_files, take_files_of_known, take_request
from chat.principals import Principal
from chat.selectors.visitors import stored_visitors
from chat.services import visitors
from chat.services.uploads import check_takes_files

SCHEME = "visitor"

View = Callable[..., HttpResponseBase]


def token_of(request: HttpRequest) -> str:
    scheme, _space, token = request.headers.get("Authorization", "").partition(" ")
    return token.strip() if scheme.lower() == SCHEME else ""


def for_anybody(view: View) -> View:
    """JSON for whoever has the page; never stored on its way, and limited by address."""

    @csrf_exempt  # no cookie is read
    @wraps(view)
    def inner(request: HttpRequest, web_chat: UUID, **kwargs: Any) -> HttpResponseBase:
        def counted() -> HttpResponseBase:
            network = network_of(address_of(request.META))
            take_request(f"visitors:{network}", settings.API_REQUESTS_PER_MINUTE)
            return view(request, web_chat, **kwargs)

        response = pages.answered(counted)
        response["Cache-Control"] = "no-store"
        return response

    return inner


def for_visitors(view: View, *, found: Callable[..., Principal] = visitors.visitor_with) -> View:
    """Gives the view the principal of the visitor whose token is shown; ``found`` says who that may be."""

    @for_anybody
    @wraps(view)
    def inner(request: HttpRequest, web_chat: UUID, **kwargs: Any) -> HttpResponseBase:
        site = request.headers.get("Parley-Site", "")
        principal = found(web_chat=web_chat, site=site, token=token_of(request))
        return view(request, principal, **kwargs)

    return inner


@require_POST
@for_anybody
def ticket(request: HttpRequest, web_chat: UUID) -> JsonResponse:
    return JsonResponse({"ticket": visitors.ticket(web_chat)})


@require_POST
@for_visitors
def clear(request: HttpRequest, principal: Principal) -> HttpResponse:
    visitors.clear_history(principal=principal)
    return HttpResponse(status=204)


def attach_file(request: HttpRequest, principal: Principal) -> HttpResponseBase:
    """Tokens are told to whoever asks: so it counts by address too, of newcomers over the hour, and of those
    who have written over the day. Whom a site has signed it answers for."""
    check_takes_files(principal.visit.inbox if principal.visit else None)
    network = network_of(address_of(request.META))
    take_request(f"files:{network}", settings.API_STRANGERS_PER_MINUTE)
    size = files.file_of(request).size or 0
    if not stored_visitors([principal.id]):
        take_files(network, size)
    elif not (principal.visit and principal.visit.verified):
        take_files_of_known(network, size)
    return files.attach(request, principal)


attach = require_POST(for_visitors(attach_file, found=visitors.writer_with))
conversation_list = require_safe(for_visitors(pages.conversation_list))
message_list = require_safe(for_visitors(pages.message_list))
mark_read = require_POST(for_visitors(pages.mark_read))
feedback = require_http_methods(["PUT"])(for_visitors(pages.feedback))
