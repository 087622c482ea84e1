"""What a key opens, until when, and what is known of its use."""

from __future__ import annotations

import time
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from chat.models import ApiKey
from config.cache import SharedCache
from tests import people
from tests.api.asking import Caller, alices, key_of
from tests.harness.cluster import Store

pytestmark = pytest.mark.django_db


def with_scopes(*scopes: str) -> Caller:
    return Caller(key_of(people.organization_of(people.alice()), *scopes))


@pytest.mark.parametrize(
    ("scopes", "read", "change"),
    [
        ([], 200, 201),
        (["read"], 200, 403),
        (["write"], 200, 403),
        (["admin"], 200, 201),
        (["read", "admin"], 200, 201),
        (["unknown"], 403, 403),
    ],
)
def test_a_key_does_what_its_scopes_say(scopes: list[str], read: int, change: int) -> None:
    caller = with_scopes()
    ApiKey.objects.update(scopes=scopes)
    assert caller.get("chatbots/").status_code == read
    made = caller.post("chatbots/", {"name": "New"})
    assert made.status_code == change
    assert change == 201 or "scope" in made.json()["detail"]


def test_a_key_ends_when_it_expires_and_when_it_is_revoked() -> None:
    caller = alices()
    ApiKey.objects.update(expires_at=timezone.now() + timedelta(hours=1))
    assert caller.get("inboxes/").status_code == 200
    ApiKey.objects.update(expires_at=timezone.now() - timedelta(seconds=1))
    expired = caller.get("inboxes/")
    assert expired.status_code == 401
    ApiKey.objects.update(expires_at=None, revoked_at=timezone.now())
    revoked = caller.get("inboxes/")
    assert (revoked.status_code, revoked.content) == (401, expired.content)


def test_it_is_known_to_the_minute_when_a_key_was_used() -> None:
    caller = alices()
    assert ApiKey.objects.get().last_used_at is None
    caller.get("inboxes/")
    first = ApiKey.objects.get().last_used_at
    assert first
    assert timezone.now() - first < timedelta(seconds=10)
    caller.get("inboxes/")
    assert ApiKey.objects.get().last_used_at == first
    ApiKey.objects.update(last_used_at=first - timedelta(minutes=2))
    caller.get("inboxes/")
    again = ApiKey.objects.get().last_used_at
    assert again
    assert again >= first


def test_a_wrong_key_is_refused_where_strangers_are_not() -> None:
    web_chats = alices().get("web-chats/")
    assert web_chats.status_code == 200
    absent = "web-chats/00000000-0000-0000-0000-000000000000"
    assert Caller().get(absent).status_code == 404
    assert Caller("pk_00000000_wrong").get(absent).status_code == 401


class Restarting(SharedCache):
    """Its Redis begins anew after everything that is added, and knows nothing of it."""

    def add(self, *args: Any, **options: Any) -> bool:
        added = super().add(*args, **options)
        self.clear()
        return added


def test_processes_that_share_redis_count_together_and_without_it_each_alone(
    store: Store, settings: Any
) -> None:
    settings.REDIS_URL, settings.API_REQUESTS_PER_MINUTE = store.url, 3
    settings.CACHES = {"default": {"BACKEND": "config.cache.SharedCache", "LOCATION": store.url}}
    caller = alices()
    principal = f"key:{ApiKey.objects.get().pk}"
    another = SharedCache(store.url, {})
    for minute in (int(time.time() // 60), int(time.time() // 60) + 1):
        another.add(f"requests:{principal}:60:{minute}", 2, 120)
    assert [caller.get("inboxes/").status_code for _ in range(2)] == [200, 429]
    assert 1 <= int(caller.get("inboxes/").headers["Retry-After"]) <= 61
    store.end()
    assert caller.get("inboxes/").status_code == 200


def test_who_asks_while_redis_begins_anew_is_answered(store: Store, settings: Any) -> None:
    settings.REDIS_URL, settings.API_REQUESTS_PER_MINUTE = store.url, 3
    settings.CACHES = {"default": {"BACKEND": f"{__name__}.{Restarting.__qualname__}", "LOCATION": store.url}}
    assert alices().get("inboxes/").status_code == 200
