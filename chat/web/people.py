"""The people of one's organization: owners and admins list, invite and remove them."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from chat.exceptions import ChatError, NotFound
from chat.models import Invitation, Membership, Role
from chat.selectors import membership_of
from chat.services import invitations, memberships
from chat.web.account_forms import InviteForm, roles_to_give
from chat.web.profile import MemberRequest

View = Callable[..., HttpResponse]


def for_managers(view: View) -> View:
    """Give the view the manager's own membership. Refuse others; tell a ``ChatError`` on the page."""

    @login_required
    @never_cache
    @wraps(view)
    def guarded(request: MemberRequest, **kwargs: Any) -> HttpResponse:
        mine = membership_of(request.user)
        if mine is None or mine.role not in memberships.MANAGERS:
            raise PermissionDenied
        try:
            return view(request, mine, **kwargs)
        except ChatError as error:
            messages.error(request, str(error.message))
            return redirect("account_people")

    return guarded


@require_safe
@for_managers
def people(request: MemberRequest, mine: Membership) -> HttpResponse:
    return _page(request, mine)


@require_POST
@for_managers
def invite(request: MemberRequest, mine: Membership) -> HttpResponse:
    """Answers with the page itself, not a redirect: the link is in this one answer and nowhere else."""
    form = InviteForm(request.POST, may_make_owners=mine.role == Role.OWNER)
    if not form.is_valid():
        return _page(request, mine, form=form)
    invitation, link = invitations.invite(
        organization=mine.organization,
        email=form.cleaned_data["email"],
        role=Role(form.cleaned_data["role"]),
        by=request.user,
        base_url=request.build_absolute_uri("/"),
    )
    return _page(request, mine, invited=invitation, link=link)


@require_POST
@for_managers
def revoke(request: MemberRequest, mine: Membership, id: UUID) -> HttpResponse:
    invitation = Invitation.objects.filter(pk=id, organization=mine.organization).first()
    if invitation is not None:
        invitations.revoke(invitation=invitation, by=request.user)
        messages.success(request, _("The invitation of %(email)s is revoked.") % {"email": invitation.email})
    return redirect("account_people")


@require_POST
@for_managers
def change_role(request: MemberRequest, mine: Membership, id: UUID) -> HttpResponse:
    role = request.POST.get("role", "")
    if role in Role.values:
        memberships.set_role(membership=_member(mine, id), role=Role(role), by=request.user)
    return redirect("account_people")


@require_POST
@for_managers
def remove(request: MemberRequest, mine: Membership, id: UUID) -> HttpResponse:
    member = _member(mine, id)
    memberships.remove_member(membership=member, by=request.user)
    messages.success(request, _("%(name)s has been removed.") % {"name": member.user})
    return redirect("account_people")


def _member(mine: Membership, id: UUID) -> Membership:
    members = mine.organization.memberships.select_related("organization", "user")
    found = members.filter(pk=id).first()
    if found is None:
        raise NotFound
    return found


def _page(request: MemberRequest, mine: Membership, **more: Any) -> HttpResponse:
    owner = mine.role == Role.OWNER
    context = {
        "membership": mine,
        "members": mine.organization.memberships.select_related("user").order_by("created_at"),
        "invitations": invitations.open_invitations().filter(organization=mine.organization),
        "roles": roles_to_give(may_make_owners=owner),
        "is_owner": owner,
        "form": InviteForm(may_make_owners=owner),
        **more,
    }
    return render(request, "account/people.html", context)
