"""The forms of the account pages."""

from __future__ import annotations

from typing import Any

from allauth.account import forms as allauth_forms
from allauth.core import context
from django import forms
from django.conf import settings
from django.utils.translation import gettext_lazy as _
from django.utils.translation import gettext_noop

from chat.models import Role, User
from chat.web.invitations import remembered_invitation

#: django-allauth's words below the password. Marked here, they have our translation, which says 你 as we do.
FORGOTTEN = gettext_noop("Forgot your password?")


class LoginForm(allauth_forms.LoginForm):
    """Says in its label what may be typed, and lets a password manager fill it in."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["login"].label = _("User name or e-mail")
        self.fields["login"].widget.attrs["autocomplete"] = "username"
        self.fields["remember"].label = _("Stay logged in")


class PlainWords:
    """Our words for the fields that django-allauth's forms have in common."""

    labels = {
        "email": _("E-mail"),
        "username": _("User name"),
        "oldpassword": _("Password now"),
        "password1": _("New password"),
        "password2": _("New password again"),
    }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        fields: dict[str, forms.Field] = self.fields  # type: ignore[attr-defined]  # mixed into forms
        for name in fields.keys() & self.labels.keys():
            fields[name].label = self.labels[name]
        if "password1" in fields:
            fields["password1"].help_text = _("At least 8 characters, and none that many people use.")


class SignupForm(PlainWords, allauth_forms.SignupForm):
    """Begins with the address that was invited."""

    labels = PlainWords.labels | {"password1": _("Password"), "password2": _("Password again")}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        invitation = remembered_invitation(context.request)
        if invitation is not None:
            self.fields["email"].initial = invitation.email


class AddEmailForm(PlainWords, allauth_forms.AddEmailForm):
    pass


class ChangePasswordForm(PlainWords, allauth_forms.ChangePasswordForm):
    pass


class SetPasswordForm(PlainWords, allauth_forms.SetPasswordForm):
    pass


class ResetPasswordForm(PlainWords, allauth_forms.ResetPasswordForm):
    pass


class ResetPasswordKeyForm(PlainWords, allauth_forms.ResetPasswordKeyForm):
    pass


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
