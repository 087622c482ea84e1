"""Run in the server's environment with a number: make alice, bob, charlie and so many more members, log
them in, give the three an API key and a web chat with an identity secret each, and print what a test
needs."""

from __future__ import annotations

import json
import os
import sys
from datetime import timedelta

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
django.setup()

from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY  # noqa: E402
from django.contrib.auth.hashers import UNUSABLE_PASSWORD_PREFIX  # noqa: E402
from django.contrib.sessions.backends.base import VALID_KEY_CHARS  # noqa: E402
from django.contrib.sessions.backends.db import SessionStore  # noqa: E402
from django.contrib.sessions.models import Session  # noqa: E402
from django.utils import timezone  # noqa: E402
from django.utils.crypto import get_random_string  # noqa: E402

from chat.models import Membership, Organization, User  # noqa: E402
from chat.services.identity import new_secret  # noqa: E402
from chat.services.keys import create_api_key  # noqa: E402
from tests import people  # noqa: E402


def log_in(users: list[User]) -> list[str]:
    """Their session keys."""
    store = SessionStore()
    sessions = [
        Session(
            session_key=get_random_string(32, VALID_KEY_CHARS),
            session_data=store.encode(
                {
                    SESSION_KEY: str(user.pk),
                    BACKEND_SESSION_KEY: "allauth.account.auth_backends.AuthenticationBackend",
                    HASH_SESSION_KEY: user.get_session_auth_hash(),
                }
            ),
            expire_date=timezone.now() + timedelta(days=1),
        )
        for user in users
    ]
    Session.objects.bulk_create(sessions)
    return [session.session_key for session in sessions]


def make_crowd(organization: Organization, count: int) -> list[User]:
    """So many members who have no password: hashing a thousand of them would take minutes."""
    crowd = User.objects.bulk_create(
        User(
            username=f"member{number}",
            email=f"member{number}@example.com",
            display_name=f"Member {number}",
            password=UNUSABLE_PASSWORD_PREFIX + get_random_string(40),
        )
        for number in range(count)
    )
    Membership.objects.bulk_create(Membership(organization=organization, user=user) for user in crowd)
    return crowd


def main() -> None:
    everybody = {}
    members = [people.alice(), people.bob(), people.charlie()]
    members += make_crowd(people.make_organization(), int(sys.argv[1]))
    for user, session in zip(members, log_in(members), strict=True):
        everybody[user.username] = {
            "id": str(user.pk),
            "session": session,
            "chatbot": str(people.chatbot_of(user).pk),
        }
    for user in members[:3]:
        organization = people.organization_of(user)
        everybody[user.username]["key"] = create_api_key(organization=organization, name=user.username)[1]
        web_chat = people.web_chat_of(user)
        everybody[user.username]["webChat"] = str(web_chat.pk)
        everybody[user.username]["identitySecret"] = new_secret(web_chat.pk)
    print(json.dumps(everybody))


if __name__ == "__main__":
    main()
