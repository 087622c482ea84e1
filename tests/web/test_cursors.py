"""The cursor of a list comes back from outside: whatever it says, the answer is a page or a sentence."""

from __future__ import annotations

import base64
import json
from itertools import product
from typing import Any
from uuid import uuid4

import pytest
from django.test import Client
from django.urls import reverse

from chat.principals import Principal
from chat.selectors import member_principal
from chat.services.messages import post_message
from tests import people

pytestmark = pytest.mark.django_db

VALUES: list[Any] = [
    ["t", "2026-01-01T00:00:00+00:00"],
    ["t", "0001-01-01T00:00:00+23:59"],
    ["t", "9999-12-31T23:59:59-23:59"],
    ["t", 5],
    ["u", str(uuid4())],
    ["u", 5],
    ["i", "5"],
    ["i", 1e308],
    ["i", 10**30],
    ["i", None],
    [[], 1],
    "i",
    7,
    None,
]


def cursor(*values: Any) -> str:
    return base64.urlsafe_b64encode(json.dumps(values).encode()).decode().rstrip("=")


@pytest.fixture
def alice(client: Client) -> Client:
    client.force_login(people.alice(), "allauth.account.auth_backends.AuthenticationBackend")
    return client


def test_the_list_of_conversations_withstands_every_cursor(alice: Client) -> None:
    for values in [*product(VALUES, repeat=2), *product(VALUES)]:
        answer = alice.get(reverse("conversations"), {"cursor": cursor(*values)})
        assert answer.status_code in (200, 400), values


def test_the_list_of_messages_withstands_every_cursor(alice: Client) -> None:
    principal = member_principal(people.alice())
    assert isinstance(principal, Principal)
    posted = post_message(principal=principal, id=uuid4(), conversation=uuid4(), content="Mine.")
    address = reverse("messages", kwargs={"id": posted.message.conversation_id})
    for values in [*product(VALUES), ("i", "5"), (VALUES[0], VALUES[0])]:
        answer = alice.get(address, {"cursor": cursor(*values)})
        assert answer.status_code in (200, 400), values


@pytest.mark.parametrize("given", ["é", "=", "AAAA", "%00", "W10", "bnVsbA"])
def test_what_is_no_cursor_is_told_so(alice: Client, given: str) -> None:
    answer = alice.get(reverse("conversations"), {"cursor": given})
    assert answer.status_code == 400
    assert answer.json()["code"] == "bad_request"
