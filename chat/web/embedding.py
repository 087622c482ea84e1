"""What a member copies into a site: the snippets of a web chat, a preview, and what a page there lacks."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from chat.answers.policy import STRICT
from chat.exceptions import BadRequest, RateLimited, StorageBusy
from chat.limits import take_request
from chat.models import AccessType, User, WebChat
from chat.services.memberships import MANAGERS, manages
from chat.services.sites import EVERY_SITE, allow_site, is_allowed, site_in
from chat.sitecheck.examine import examine_page
from chat.turns import Turns
from chat.web.profile import MemberRequest

View = Callable[..., HttpResponse]
#: The ways into a page, as ``chat.embed.preview`` names them.
WAYS = ("script", "iframe", "inline")
#: How often a person may have a page of the site asked for.
CHECKS_PER_MINUTE = 6
_checks = Turns(4)


def web_chats_of(user: User) -> QuerySet[WebChat]:
    """Those of every organization that they belong to; a superuser's are all."""
    rows = WebChat.objects.filter(access_type=AccessType.WEB).select_related("organization", "chatbot")
    if not user.is_superuser:
        rows = rows.filter(organization__memberships__user=user)
    return rows.order_by("name", "pk")


@require_safe
@login_required
@never_cache
def embedding_list(request: MemberRequest) -> HttpResponse:
    return render(request, "account/embedding_list.html", {"web_chats": web_chats_of(request.user)[:200]})


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
@never_cache
def embedding(request: MemberRequest, id: UUID) -> HttpResponse:
    """First asks for the site. One that is not allowed yet is allowed with a press by whoever may."""
    web_chat = web_chats_of(request.user).filter(pk=id).first()
    if web_chat is None:
        raise Http404
    may = manages(request.user, web_chat.organization)
    context = _context(request, web_chat, may=may)
    if "page" in request.POST and "site" in context:
        context |= _checked(request, web_chat, context["base"], may=may)
    elif request.method == "POST":
        return _allow(request, web_chat, may=may)
    response = render(request, "account/embedding.html", context)
    policy = STRICT | {"frame-src": " ".join(settings.PUBLIC_ORIGINS)}
    response["Content-Security-Policy"] = "; ".join(f"{name} {value}" for name, value in policy.items())
    return response


def _allow(request: MemberRequest, web_chat: WebChat, *, may: bool) -> HttpResponse:
    back = {name: request.POST[name] for name in ("site", "as") if request.POST.get(name)}
    if may:
        try:
            allow_site(web_chat.pk, request.POST.get("allow", ""))
        except BadRequest as error:
            messages.error(request, str(error.message))
        else:
            messages.success(request, _("It is allowed there now."))
    else:
        messages.error(request, _("Only owners and admins of the organization may allow a site."))
    return redirect(f"{request.path}?{urlencode(back)}")


def _checked(request: MemberRequest, web_chat: WebChat, base: str, *, may: bool) -> dict[str, Any]:
    page = request.POST["page"].strip()[:1000]
    try:
        take_request(f"page-check:{request.user.pk}", CHECKS_PER_MINUTE)
    except RateLimited as error:
        return {"page": page, "not_checked": str(error.message)}
    if settings.WEBHOOK_PRIVATE_ADDRESSES and not may:
        # Then it reaches the network that the server is in, which is for those who may name a webhook there.
        return {
            "page": page,
            "not_checked": _("Only owners and admins of the organization may check a page."),
        }
    try:
        with _checks.turn(_("Other pages are being checked. Try again in a minute.")):
            return {"page": page, "findings": examine_page(web_chat, page, base=base)}
    except StorageBusy as error:
        return {"page": page, "not_checked": str(error.message)}


def _context(request: HttpRequest, web_chat: WebChat, *, may: bool) -> dict[str, Any]:
    here = f"{request.scheme}://{request.get_host()}"
    base = here if here in settings.PUBLIC_ORIGINS else settings.PUBLIC_ORIGINS[0]
    typed, way = request.GET.get("site", "").strip()[:1000], request.GET.get("as", "")
    context: dict[str, Any] = {
        "web_chat": web_chat,
        "base": base,
        "typed": typed,
        "may": may,
        "way": way if way in WAYS else WAYS[0],
        "ways": WAYS,
    }
    if not typed:
        return context
    try:
        site = site_in(typed)
        if site == EVERY_SITE or "*" in site:
            raise BadRequest(_("Enter one site here. Every sub-domain is allowed in the admin."))
    except BadRequest as error:
        return context | {"wrong": str(error.message)}
    context["site"] = site
    context["allowed"] = is_allowed(web_chat, site) or site in settings.PUBLIC_ORIGINS
    context["unencrypted"] = site.startswith("https://") and base.startswith("http://")
    if not may:
        context["managers"] = _managers(web_chat)
    return context | _preview(web_chat, base, context["way"])


def _managers(web_chat: WebChat) -> list[str]:
    """Whom to ask, the owners first."""
    people = web_chat.organization.memberships.filter(role__in=MANAGERS, user__is_active=True)
    rows = people.select_related("user").order_by("-role", "created_at")[:10]
    return [str(row.user) for row in rows]


def _preview(web_chat: WebChat, base: str, way: str) -> dict[str, Any]:
    """On another origin of this server, where there is one."""
    other = next((origin for origin in settings.PUBLIC_ORIGINS if origin != base), None)
    if other is None:
        return {}
    address = reverse("embed-preview", args=[web_chat.pk])
    return {
        "preview_site": other,
        "preview": f"{other}{address}?{urlencode({'as': way})}",
        "preview_allowed": is_allowed(web_chat, other),
    }
