"""Identity secrets: two at most, encrypted, and each of them counts until it is removed."""

from __future__ import annotations

import time

import jwt
import pytest
from django.db import connection

from chat.exceptions import Conflict, IdentityRefused
from chat.models import IdentitySecret
from chat.services import identity
from tests import people

pytestmark = pytest.mark.django_db


def test_a_site_changes_from_one_secret_to_the_next() -> None:
    web_chat = people.web_chat_of(people.alice()).pk
    old, new = identity.new_secret(web_chat), identity.new_secret(web_chat)
    with pytest.raises(Conflict):
        identity.new_secret(web_chat)
    identity.new_secret(people.web_chat_of(people.charlie()).pk)

    def signed(secret: str) -> str:
        claims = {"sub": "ada", "aud": str(web_chat), "exp": time.time() + 60}
        return jwt.encode(claims, secret, "HS256")

    for secret in (old, new):
        assert identity.read(signed(secret), web_chat=web_chat).subject == "ada"
    first = IdentitySecret.objects.filter(web_chat=web_chat).earliest("created_at")
    identity.remove_secret(people.web_chat_of(people.charlie()).pk, first.pk)
    assert identity.read(signed(old), web_chat=web_chat).subject == "ada"
    identity.remove_secret(web_chat, first.pk)
    with pytest.raises(IdentityRefused):
        identity.read(signed(old), web_chat=web_chat)
    assert identity.read(signed(new), web_chat=web_chat).subject == "ada"


def test_the_database_has_it_encrypted() -> None:
    made = identity.new_secret(people.web_chat_of(people.alice()).pk)
    with connection.cursor() as cursor:
        cursor.execute("SELECT secret, prefix FROM chat_identitysecret")
        ((stored, prefix),) = cursor.fetchall()
    assert made not in stored
    assert made.startswith(prefix)
    assert len(made) >= 43
