"""``manage.py create_organization``: an organization and its first owner."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from allauth.account.forms import default_token_generator
from allauth.account.utils import user_pk_to_url_str
from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError
from django.core.validators import validate_email
from django.urls import reverse

from chat.exceptions import ChatError
from chat.models import User
from chat.services.organizations import create_organization


class Command(BaseCommand):
    help = "Make an organization and its first owner, and print the link with which they set a password."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("name", help="what the organization is called")
        parser.add_argument("--owner-email", required=True, help="whose account it is, or is to be")
        parser.add_argument("--owner-username", default="", help="for a new account; else as in the e-mail")

    def handle(self, *args: Any, name: str, owner_email: str, owner_username: str, **options: Any) -> None:
        try:
            validate_email(owner_email)
            membership = create_organization(
                name=name, owner_email=owner_email, owner_username=owner_username
            )
        except (ChatError, ValidationError) as error:
            raise CommandError("; ".join(map(str, getattr(error, "messages", [error])))) from error
        owner = membership.user
        self.stdout.write(f"Organization {name} ({membership.organization_id}), owner {owner.username}.")
        if not owner.has_usable_password():
            self.stdout.write(f"Set the password here, within three days:\n{set_password_link(owner)}")


def set_password_link(user: User) -> str:
    key = f"{user_pk_to_url_str(user)}-{default_token_generator.make_token(user)}"
    uidb36, token = key.split("-", 1)
    path = reverse("account_reset_password_from_key", kwargs={"uidb36": uidb36, "key": token})
    origin: str = settings.PUBLIC_ORIGINS[0]
    return origin + path
