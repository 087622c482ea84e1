"""Run in the server's environment with a number: make alice, bob, charlie and so many more members, log
them in, and print what a test needs."""

from __future__ import annotations

import json
import os
import sys

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
django.setup()

from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY  # noqa: E402
from django.contrib.sessions.backends.db import SessionStore  # noqa: E402

from chat.models import User  # noqa: E402
from tests import people  # noqa: E402


def log_in(user: User) -> str:
    session = SessionStore()
    session[SESSION_KEY] = str(user.pk)
    session[BACKEND_SESSION_KEY] = "allauth.account.auth_backends.AuthenticationBackend"
    session[HASH_SESSION_KEY] = user.get_session_auth_hash()
    session.create()
    return str(session.session_key)


def main() -> None:
    everybody = {}
    members = [people.alice(), people.bob(), people.charlie()]
    home = people.make_organization()
    members += [people.make_member(home, f"member{number}") for number in range(int(sys.argv[1]))]
    for user in members:
        everybody[user.username] = {
            "id": str(user.pk),
            "session": log_in(user),
            "chatbot": str(people.chatbot_of(user).pk),
        }
    print(json.dumps(everybody))


if __name__ == "__main__":
    main()
