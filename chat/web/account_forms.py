"""The forms of the account pages."""

from __future__ import annotations

from typing import Any

from allauth.account import forms as allauth_forms
from allauth.core import context
from django import forms
from django.conf import settings
from django.utils.translation import gettext_lazy as _

from chat.models import Role, User
from chat.web.invitations import remembered_invitation


class LoginForm(allauth_forms.LoginForm):
    """Says in its label what may be typed, and lets a password manager fill it in."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["login"].label = _("User name or e-mail")
        self.fields["login"].widget.attrs["autocomplete"] = "username"
        self.fields["remember"].label = _("Stay logged in")


class SignupForm(allauth_forms.SignupForm):
    """Begins with the address that was invited."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        invitation = remembered_invitation(context.request)
        if invitation is not None:
            self.fields["email"].initial = invitation.email


def _languages() -> list[tuple[str, Any]]:
    return [("", _("As the browser asks")), *settings.LANGUAGES]


class ProfileForm(forms.ModelForm):  # type: ignore[type-arg]  # not generic when it runs
    language = forms.ChoiceField(label=_("Language"), required=False, choices=_languages)

    class Meta:
        model = User
        fields = ("display_name", "language")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["display_name"].widget.attrs["autocomplete"] = "name"


class InviteForm(forms.Form):
    email = forms.EmailField(label=_("E-mail"))

    def __init__(self, *args: Any, may_make_owners: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        roles = roles_to_give(may_make_owners=may_make_owners)
        self.fields["role"] = forms.ChoiceField(label=_("Role"), initial=Role.MEMBER, choices=roles)


def roles_to_give(*, may_make_owners: bool) -> list[tuple[str, str]]:
    """From the least to the most; only owners make owners."""
    roles = [Role.MEMBER, Role.ADMIN, Role.OWNER] if may_make_owners else [Role.MEMBER, Role.ADMIN]
    return [(role.value, str(role.label)) for role in roles]
