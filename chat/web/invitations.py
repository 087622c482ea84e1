"""The page behind an invitation's link: who invites to what, and the ways to accept."""

from __future__ import annotations

from django.contrib import messages
from django.contrib.auth import logout
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from chat.exceptions import ChatError, NotFound
from chat.models import Invitation
from chat.services import invitations

_KEY = "invitation"


def remembered_invitation(request: HttpRequest) -> Invitation | None:
    """The open invitation whose link this browser has opened, if any."""
    id = request.session.get(_KEY)
    try:
        return invitations.invitation_with_id(id) if id else None
    except NotFound:
        return None


def forget_invitation(request: HttpRequest) -> None:
    request.session.pop(_KEY, None)


@never_cache
@require_safe
def open_invitation(request: HttpRequest, token: str) -> HttpResponse:
    """Exchange the token for a note in the session and go to an address without it, so that it stands in no
    history, ``Referer`` or log-in's ``next``."""
    try:
        request.session[_KEY] = str(invitations.invitation_with_token(token).pk)
    except NotFound:
        forget_invitation(request)
    response = redirect("invitation_current")
    response["Referrer-Policy"] = "no-referrer"
    return response


@never_cache
@require_safe
def current_invitation(request: HttpRequest) -> HttpResponse:
    invitation = remembered_invitation(request)
    if invitation is None:
        return render(request, "invitations/gone.html", status=404)
    return render(request, "invitations/current.html", {"invitation": invitation})


@require_POST
def accept_invitation(request: HttpRequest) -> HttpResponse:
    """Join as the account that is logged in."""
    invitation = remembered_invitation(request)
    if invitation is None or not request.user.is_authenticated:
        return redirect("invitation_current")
    try:
        membership = invitations.accept(invitation=invitation, user=request.user)
    except ChatError as error:
        messages.error(request, str(error.message))
        return redirect("invitation_current")
    forget_invitation(request)
    messages.success(request, _("You belong to %(name)s now.") % {"name": membership.organization})
    return redirect("/")


@require_POST
def use_another_account(request: HttpRequest) -> HttpResponse:
    """Log out, but keep the invitation."""
    kept = request.session.get(_KEY)
    logout(request)
    if kept:
        request.session[_KEY] = kept
    return redirect("invitation_current")
