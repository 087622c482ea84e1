"""How accounts come to be and what a log-in sets: django-allauth's hooks, filled with the product's rules."""

from __future__ import annotations

from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from allauth.core.exceptions import ImmediateHttpResponse
from allauth.mfa.adapter import DefaultMFAAdapter
from allauth.socialaccount.adapter import DefaultSocialAccountAdapter
from allauth.socialaccount.models import SocialLogin
from django.conf import settings
from django.contrib.auth.base_user import AbstractBaseUser
from django.db import transaction
from django.forms import BaseForm
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext_lazy as _

from chat.exceptions import Conflict
from chat.models import User
from chat.models.fields import decrypt, encrypt
from chat.services import invitations, memberships
from chat.web import language
from chat.web.invitations import forget_invitation, remembered_invitation


class AccountAdapter(DefaultAccountAdapter):
    """Sign-up is open to whoever holds an invitation, and to all only when ``SIGNUP_OPEN``."""

    error_messages = DefaultAccountAdapter.error_messages | {
        "username_password_mismatch": _("User name and password do not match. Check both and try again."),
        "email_password_mismatch": _("E-mail and password do not match. Check both and try again."),
        "too_many_login_attempts": _("Too many tries. Wait five minutes and try again."),
    }

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        """An account that would belong nowhere is of no use, so there must be something to join."""
        if remembered_invitation(request):
            return True
        return settings.SIGNUP_OPEN and memberships.default_organization() is not None

    @transaction.atomic
    def save_user(
        self, request: HttpRequest, user: AbstractBaseUser, form: BaseForm, commit: bool = True
    ) -> AbstractBaseUser:
        saved = super().save_user(request, user, form, commit)
        if commit and isinstance(saved, User):
            join_on_signup(request, saved)
        return saved

    def post_login(self, request: HttpRequest, user: AbstractBaseUser, **kwargs: Any) -> HttpResponse:
        response: HttpResponse = super().post_login(request, user, **kwargs)
        if isinstance(user, User) and user.language:
            language.remember(response, user.language)
        return response


class SocialAccountAdapter(DefaultSocialAccountAdapter):
    """Single sign-on follows the same rules; who may join is asked before an account is made."""

    @transaction.atomic
    def save_user(self, request: HttpRequest, sociallogin: SocialLogin, form: BaseForm | None = None) -> User:
        user: User = super().save_user(request, sociallogin, form)
        if not user.memberships.exists():
            join_on_signup(request, user)
        return user


class SecondFactorAdapter(DefaultMFAAdapter):
    """Secrets of authenticator apps are encrypted at rest like all others."""

    def encrypt(self, text: str) -> str:
        return encrypt(text)

    def decrypt(self, encrypted_text: str) -> str:
        return decrypt(encrypted_text)


def join_on_signup(request: HttpRequest, user: User) -> None:
    """The new account joins what it was invited to, or else the default organization."""
    invitation = remembered_invitation(request)
    try:
        if invitation is not None:
            invitations.accept(invitation=invitation, user=user)
        elif (organization := memberships.default_organization()) is not None:
            memberships.join(user=user, organization=organization)
    except Conflict:
        # Somebody used the link a moment ago. Without it this account may not exist: it is rolled back.
        raise ImmediateHttpResponse(redirect("invitation_current")) from None
    forget_invitation(request)
