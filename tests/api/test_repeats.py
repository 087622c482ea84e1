"""The same request again, with its ``Idempotency-Key``: stored once, and answered as the first one was."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

import pytest

from chat.models import AccessType, Attachment, Message, Reply
from tests import people
from tests.api.asking import Caller, alices, charlies, key_of
from tests.api.test_attachments import sent
from tests.api.world import begin, say, web_chat

pytestmark = pytest.mark.django_db

STORING = ("messages/", "messages/outgoing/")


def stored(caller: Caller, path: str, body: dict[str, Any], key: str) -> dict[str, Any]:
    answer = caller.post(path, body, Idempotency_Key=key)
    assert answer.status_code == 201, answer.content
    found: dict[str, Any] = answer.json()
    return found


@pytest.mark.parametrize("path", STORING)
def test_a_repeat_is_answered_with_the_first_message_and_stores_nothing(path: str) -> None:
    caller, key = alices(), uuid4().hex
    body = {"conversation": begin(caller)["id"], "content": "Hello", "queryMetadata": {"a": [1.5, "b"]}}
    first = stored(caller, path, body, key)
    replies = Reply.objects.count()
    assert stored(caller, path, body, f" {key} ") == first
    # The same, said in another way.
    again = {"canvas": None, "query_metadata": {"a": [1.5, "b"]}, "content": "Hello", "isUnknown": 1}
    assert stored(caller, path, {**again, "conversation": body["conversation"].upper()}, key) == first
    assert Message.objects.filter(content="Hello").count() == 1
    assert Reply.objects.count() == replies == (path == "messages/")
    for other in (stored(caller, path, body, uuid4().hex), say(caller, body["conversation"])):
        assert other["id"] != first["id"]


@pytest.mark.parametrize("path", STORING)
@pytest.mark.parametrize(
    "other",
    [
        {"content": "Hello!"},
        {"contentPayload": {"content": "Hello"}},
        {"metadata": {"a": 1}},
        {"queryMetadata": {"a": 1}},
        {"canvas": {"name": "n", "canvasType": "markdown", "title": "t", "content": "c"}},
    ],
)
def test_another_body_under_the_same_key_is_refused(path: str, other: dict[str, Any]) -> None:
    caller, key = alices(), uuid4().hex
    body = {"conversation": begin(caller)["id"], "content": "Hello"}
    stored(caller, path, body, key)
    refused = caller.post(path, body | other, Idempotency_Key=key)
    assert refused.status_code == 422
    assert "Idempotency-Key" in refused.json()["detail"]
    assert Message.objects.filter(type__in=("incoming", "outgoing")).exclude(content="").count() == 1


def test_a_message_of_another_type_or_conversation_is_another_body() -> None:
    caller, key = alices(), uuid4().hex
    body = {"conversation": begin(caller)["id"], "content": "Hello"}
    first = stored(caller, "messages/", body, key)
    assert caller.post("messages/outgoing/", body, Idempotency_Key=key).status_code == 422
    elsewhere = body | {"conversation": begin(caller)["id"]}
    assert caller.post("messages/", elsewhere, Idempotency_Key=key).status_code == 422
    assert stored(caller, "messages/", body | {"type": "incoming"}, key) == first


def test_keys_of_two_programs_never_meet() -> None:
    hers, key = alices(), uuid4().hex
    callers = [hers, Caller(key_of(people.organization_of(people.alice()))), charlies()]
    ours, theirs = begin(hers)["id"], begin(callers[2], web_chat(people.charlie()))["id"]
    bodies = [{"conversation": place, "content": "Hello"} for place in (ours, ours, theirs)]
    made = [stored(one, "messages/", body, key) for one, body in zip(callers, bodies, strict=True)]
    assert len({one["id"] for one in made}) == 3
    for caller, body, first in zip(callers, bodies, made, strict=True):
        assert stored(caller, "messages/", body, key) == first


def test_a_repeat_brings_its_files_again_and_they_are_sent_once() -> None:
    caller, key = alices(), uuid4().hex
    uploaded = {"file": sent(caller), "filename": "sea.png"}
    body = {"conversation": begin(caller)["id"], "content": "Look", "attachments": [uploaded]}
    first = stored(caller, "messages/", body, key)
    again = stored(caller, "messages/", body, key)
    assert [one["id"] for one in again["attachments"]] == [one["id"] for one in first["attachments"]]
    assert (again["id"], Attachment.objects.count()) == (first["id"], 1)


def test_a_stranger_has_keys_in_their_own_conversation() -> None:
    stranger, key = Caller(), uuid4().hex
    place = web_chat(access_type=AccessType.WEB)
    bodies = [{"conversation": begin(stranger, place)["id"], "content": "Hello?"} for _ in range(2)]
    made = [stored(stranger, "messages/", body, key) for body in bodies]
    assert made[0]["id"] != made[1]["id"]
    for body, first in zip(bodies, made, strict=True):
        assert stored(stranger, "messages/", body, key) == first
    assert stranger.post("messages/", bodies[0] | {"content": "!"}, Idempotency_Key=key).status_code == 422


def test_pages_of_other_sites_may_send_a_key() -> None:
    asked = {"Origin": "https://shop.example", "Access-Control-Request-Method": "POST"}
    allowed = Caller().ask("OPTIONS", "messages/", **asked)
    assert "Idempotency-Key" in allowed.headers["Access-Control-Allow-Headers"]


@pytest.mark.parametrize("path", STORING)
@pytest.mark.parametrize("key", ["k" * 256, "clé", "a\tb"])
def test_a_key_is_plain_and_not_long(path: str, key: str) -> None:
    caller = alices()
    body = {"conversation": begin(caller)["id"], "content": "Hello"}
    answer = caller.post(path, body, Idempotency_Key=key)
    assert (answer.status_code, "255" in answer.json()["detail"]) == (400, True)
    assert not Message.objects.exists()
    stored(caller, path, body, "k" * 255)


def test_what_was_refused_uses_up_no_key() -> None:
    caller, key = alices(), uuid4().hex
    body = {"conversation": begin(caller)["id"], "content": " "}
    assert caller.post("messages/", body, Idempotency_Key=key).status_code == 400
    stored(caller, "messages/", body | {"content": "Hello"}, key)
