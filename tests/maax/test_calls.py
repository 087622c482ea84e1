"""Every parameter of MAAX's calls: where it may stand and what it may say."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any
from urllib.parse import urlencode

import pytest
from django.http import HttpResponse
from django.test import Client

from chat.models import Contact, Message, MessageType
from tests.maax.calling import ADA, SALES
from tests.maax.program import HISTORY, INITIATE, QUESTION, Program, told

pytestmark = pytest.mark.django_db

# Where parameters stand

FLAT = {"message_content": "When?", "platform": "email", "prospect_info": json.dumps(ADA)}
WAYS: dict[str, Callable[[Client], HttpResponse]] = {
    "json": lambda client: client.post(INITIATE, json.dumps(QUESTION), "application/json"),
    "json with an object as text": lambda client: client.post(INITIATE, json.dumps(FLAT), "application/json"),
    "query": lambda client: client.post(f"{INITIATE}?{urlencode(FLAT)}"),
    "query beside empty json": lambda client: client.post(
        f"{INITIATE}?{urlencode(FLAT)}", "{}", "application/json"
    ),
    "form": lambda client: client.post(INITIATE, urlencode(FLAT), "application/x-www-form-urlencoded"),
    "multipart": lambda client: client.post(INITIATE, FLAT),
    "json that says it is a form": lambda client: client.post(
        INITIATE, json.dumps(QUESTION), "application/x-www-form-urlencoded"
    ),
    "some here, some there": lambda client: client.post(
        f"{INITIATE}?platform=email&message_content=Never",
        json.dumps({"message_content": "When?", "prospect_info": ADA}),
        "application/json",
    ),
}


@pytest.mark.parametrize("way", WAYS)
def test_parameters_may_stand_anywhere(ours: Program, way: str) -> None:
    status, body = told(WAYS[way](ours.client))
    assert status == 200, body
    message = Message.objects.get(type=MessageType.INCOMING)
    assert (message.content, message.delivery) == ("When?", {"platform": "email", "output_format": ""})
    assert message.sender_contact
    assert message.sender_contact.email == "ada@example.com"


@pytest.mark.parametrize("prefix", ["/api/", "/api/v1/"])
@pytest.mark.parametrize("slash", ["/", ""])
def test_every_name_answers_in_both_places_with_and_without_a_slash(
    ours: Program, prefix: str, slash: str
) -> None:
    for name in ("initiate_answer_generation", "inititiate_answer_generation"):
        assert ours.post(f"{prefix}{name}{slash}", QUESTION)[0] == 200
    for name in ("create-conversation", "create_conversation"):
        status, body = ours.post(f"{prefix}{name}{slash}", {"prospect_info": ADA})
        assert status == 200
        # The address that is printed for the history.
        assert ours.get(f"{prefix}{name}{slash}", **body) == (200, {"messages_in_conversation": []})
    for name in ("retrieve_answer", "get_conversations_history"):
        assert ours.get(f"{prefix}{name}{slash}")[0] == 400


# What they may say

WRONG: dict[str, tuple[dict[str, Any], str]] = {
    "no text": ({"message_content": ""}, "message_content"),
    "only spaces": ({"message_content": "  \n"}, "message_content"),
    "a NUL in the text": ({"message_content": "When\x00?"}, "message_content"),
    "a text that is none": ({"message_content": {"a": 1}}, "message_content"),
    "no platform": ({"platform": None}, "platform"),
    "an unknown platform": ({"platform": "pigeon"}, "platform"),
    "an unknown service": ({"service_type": "sales"}, "service_type"),
    "an unknown format": ({"output_format": "pdf"}, "output_format"),
    "sales without an AI": ({"service_type": SALES}, "ai_id"),
    "an AI that is no integer": ({"ai_id": "seller"}, "ai_id"),
    "true is no integer": ({"prospect_id": True}, "prospect_id"),
    "a fraction": ({"conversation_id": 1.5}, "conversation_id"),
    "a number that no database holds": ({"conversation_id": 10**30}, "conversation_id"),
    "nobody": ({"prospect_info": None}, "prospect_info"),
    "nobody who can be reached": ({"prospect_info": {"first_name": "Ada"}}, "prospect_info"),
    "a list": ({"prospect_info": [ADA]}, "prospect_info"),
    "no JSON": ({"prospect_info": '{"email":"a@b.c" "phone":"1"}'}, "prospect_info"),
    "no address": ({"prospect_info": {"email": "EMAIL"}}, "prospect_info.email"),
    "no digits": ({"prospect_info": {"phone": "PHONE_NUMBER"}}, "prospect_info.phone"),
    "a long name": ({"prospect_info": ADA | {"last_name": "x" * 256}}, "prospect_info.last_name"),
    "a NUL": ({"prospect_info": ADA | {"instagram": "a\x00b"}}, "prospect_info.instagram"),
}


@pytest.mark.parametrize("case", WRONG)
def test_a_wrong_parameter_is_named(ours: Program, case: str) -> None:
    change, field = WRONG[case]
    status, body = ours.post(INITIATE, QUESTION | change)
    assert status == 400
    assert body.keys() == {"error", "fields"}
    assert body["fields"].keys() == {field}
    assert not Message.objects.exists()
    assert not Contact.objects.exists()


@pytest.mark.parametrize(
    "body",
    [
        b"{",
        b"[]",
        b'"x"',
        b"null",
        b'{"a":NaN}',
        b'{"a":"\\ud800"}',
        b'{"a":' * 3000,
        b'{"a":%s}' % (b"[" * 20 + b"]" * 20),
        b"\xff\xfe{",
    ],
)
def test_what_is_no_json_object_is_refused(ours: Program, body: bytes) -> None:
    status, told_of = told(ours.client.post(INITIATE, body, "application/json"))
    assert (status, told_of.keys()) == (400, {"error"})


@pytest.mark.parametrize("boundary", ["", "; boundary=" + "b" * 300])
def test_a_form_that_is_none_is_refused(ours: Program, boundary: str) -> None:
    status, told_of = told(ours.client.post(INITIATE, b"x", f"multipart/form-data{boundary}"))
    assert (status, told_of.keys()) == (400, {"error"})


@pytest.mark.parametrize("kind", ["application/json", "application/x-www-form-urlencoded", "text/plain"])
def test_a_body_above_a_megabyte_is_refused(ours: Program, kind: str) -> None:
    body = json.dumps({"message_content": "x" * (1024 * 1024)})
    assert told(ours.client.post(INITIATE, body, kind))[0] == 413


def test_a_text_that_is_too_long_is_refused(ours: Program) -> None:
    assert ours.post(INITIATE, QUESTION | {"message_content": "x" * 40_000})[0] == 413


def test_more_fields_than_anybody_sends_are_refused(ours: Program) -> None:
    fields = urlencode({f"f{number}": "" for number in range(1100)})
    assert told(ours.client.post(INITIATE, fields, "application/x-www-form-urlencoded"))[0] == 400
    assert told(ours.client.post(f"{INITIATE}?{fields}"))[0] == 400


@pytest.mark.parametrize("method", ["get", "put", "patch", "delete", "options"])
def test_a_method_that_is_not_meant_is_405(ours: Program, method: str) -> None:
    for path in (INITIATE, HISTORY):
        if (method, path) != ("get", HISTORY):
            response = getattr(ours.client, method)(path)
            assert told(response) == (405, {"error": "Invalid request method"})


def test_who_asks_too_often_is_told_when_to_come_back(ours: Program, settings: Any) -> None:
    settings.MESSAGES_PER_MINUTE = 1
    settings.API_REQUESTS_PER_MINUTE = 2
    for _ in range(2):  # one key asks for many prospects: no message counts as one person's
        assert ours.post(INITIATE, QUESTION)[0] == 200
    settings.API_STRANGERS_PER_MINUTE = 1
    stranger = Client(REMOTE_ADDR="198.51.100.7")
    assert stranger.get(HISTORY).status_code == 401
    for client in (ours.client, stranger):
        refused = client.post(INITIATE, json.dumps(QUESTION), "application/json")
        assert told(refused)[0] == 429
        assert told(refused)[1].keys() == {"error"}
        assert int(refused.headers["Retry-After"]) >= 1


# The same question again


def test_a_repeat_with_its_idempotency_key_gets_the_first_message(ours: Program, theirs: Program) -> None:
    def asked(program: Program, key: str, **more: Any) -> tuple[int, Any]:
        headers = {"Idempotency-Key": key}
        body = json.dumps(QUESTION | more)
        return told(program.client.post(INITIATE, body, "application/json", headers=headers))

    status, first = asked(ours, "1")
    assert status == 200
    assert asked(ours, "1") == asked(ours, "1", output_format="") == (200, first)
    assert Message.objects.filter(type=MessageType.INCOMING).count() == 1
    for other in ({"message_content": "Where?"}, {"output_format": "html"}, {"platform": "sms"}):
        status, refused = asked(ours, "1", **other)
        assert (status, list(refused)) == (422, ["error"])
    assert asked(ours, "k" * 256)[0] == 400
    assert (
        len({asked(program, key)[1]["incoming_message_id"] for program, key in ((ours, "2"), (theirs, "1"))})
        == 2
    )
    assert Message.objects.filter(type=MessageType.INCOMING).count() == 3
