"""A person's own page: name, language, and the way to e-mail addresses, password and second factor."""

from __future__ import annotations

from allauth.mfa.utils import is_mfa_enabled
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import override

from chat.models import User
from chat.selectors import membership_of
from chat.services.memberships import MANAGERS
from chat.web import language
from chat.web.account_forms import ProfileForm


class MemberRequest(HttpRequest):
    """A request behind ``login_required``."""

    user: User


@login_required
def profile(request: MemberRequest) -> HttpResponse:
    form = ProfileForm(request.POST or None, instance=request.user)
    if request.method == "POST" and form.is_valid():
        form.save()
        return _saved(request, form.cleaned_data["language"])
    membership = membership_of(request.user)
    context = {
        "form": form,
        "membership": membership,
        "manages": membership is not None and membership.role in MANAGERS,
        "second_factor": is_mfa_enabled(request.user),
        "social_accounts": request.user.socialaccount_set.exists(),
    }
    return render(request, "account/profile.html", context)


def _saved(request: HttpRequest, chosen: str) -> HttpResponse:
    """Say so in the language that was just chosen."""
    response = redirect("account_profile")
    with override(chosen or request.LANGUAGE_CODE):
        messages.success(request, _("Saved."))
    if chosen:
        language.remember(response, chosen)
    else:
        language.forget(response)
    return response
