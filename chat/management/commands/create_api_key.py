"""``manage.py create_api_key``: a key for programs, printed once."""

from __future__ import annotations

from argparse import ArgumentParser
from datetime import timedelta
from typing import Any

from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from chat.exceptions import ChatError
from chat.models import Organization, User
from chat.services.keys import SCOPES, create_api_key


class Command(BaseCommand):
    help = "Make an API key and print it. It cannot be shown again."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("organization", help="id or name")
        parser.add_argument("name", help="what the key is for")
        parser.add_argument("--username", help="the member for whom it acts")
        parser.add_argument("--days", type=int, help="how long it works; else until it is revoked")
        parser.add_argument("--scope", choices=SCOPES, help="what it may do; else everything")

    def handle(
        self,
        *args: Any,
        organization: str,
        name: str,
        username: str | None,
        days: int | None,
        scope: str | None,
        **options: Any,
    ) -> None:
        if days is not None and not 1 <= days <= 36_500:
            raise CommandError("A key can work from 1 to 36500 days.")
        expires_at = timezone.now() + timedelta(days=days) if days else None
        try:
            _key, text = create_api_key(
                organization=find_organization(organization),
                name=name,
                user=find_user(username) if username else None,
                scopes=[scope] if scope else [],
                expires_at=expires_at,
            )
        except ChatError as error:
            raise CommandError(str(error)) from error
        self.stdout.write(text)


def find_organization(given: str) -> Organization:
    try:
        found = Organization.objects.filter(pk=given)
    except ValidationError:
        found = Organization.objects.filter(name=given)
    if len(found) != 1:
        raise CommandError(f"Several are named {given}." if found else f"There is no organization {given}.")
    return found[0]


def find_user(username: str) -> User:
    user = User.objects.filter(username__iexact=username).first()
    if user is None:
        raise CommandError(f"There is no account {username}.")
    return user
