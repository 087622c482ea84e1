"""The form before the chat, and what a page may ask of the knowledge for its visitor."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from typing import Any
from uuid import uuid4

import pytest
import requests

from chat.knowledge.narrowing import narrowed
from tests.harness.guest import Guest, set_web_chat, signed
from tests.harness.scene import run
from tests.harness.server import Server

FORM = {
    "fields": [
        {"name": "name", "label": "Your name", "type": "text", "required": True},
        {"name": "email", "label": "E-mail", "type": "email", "required": False},
        {"name": "order", "label": "Order", "type": "text", "required": False},
        {
            "name": "topic",
            "label": "Topic",
            "type": "select",
            "required": True,
            "options": ["Returns", "Other"],
        },
    ],
    "consent": {"text": "I agree.", "url": "https://shop.example/privacy"},
}
GOOD = {
    "name": "Ada",
    "email": "Ada@Example.com",
    "fields": {"topic": "Returns", "order": "A-17"},
    "consent": True,
}


@pytest.fixture
def web_chat(server: Server) -> Iterator[str]:
    id = server.people["bob"]["webChat"]
    set_web_chat(server, id, form=json.dumps(FORM))
    yield id
    set_web_chat(server, id, form=None)


async def first(guest: Guest, profile: Any = None) -> dict[str, Any]:
    """What comes back for a first message with this profile: the message or the error."""
    id = str(uuid4())
    more = {} if profile is None else {"profile": profile}
    await guest.say("send", id=id, conversation=str(uuid4()), content="Hello. sim:tokens=1", **more)
    found: dict[str, Any] = await guest.wait(
        lambda: next((one for one in guest.frames if one.get("ref") == id), None)
    )
    return found


def contact_of(server: Server, frame: dict[str, Any]) -> tuple[str, str, dict[str, Any]]:
    query = (
        "SELECT p.name, p.email, p.profile FROM chat_contact p "
        "JOIN chat_conversation c ON c.contact_id = p.id WHERE c.id = ?"
    )
    ((name, email, profile),) = server.rows(query, frame["message"]["conversation"].replace("-", ""))
    return name, email, json.loads(profile) if isinstance(profile, str) else profile


def test_the_answers_are_on_the_contact_with_the_first_message(server: Server, web_chat: str) -> None:
    async def scene() -> None:
        async with Guest(server, web_chat=web_chat) as guest:
            name, email, profile = contact_of(server, await first(guest, GOOD))
            assert (name, email) == ("Ada", "ada@example.com")
            assert profile["fields"] == {"topic": "Returns", "order": "A-17"}
            consent = profile["consent"]
            assert (consent["text"], consent["url"]) == ("I agree.", "https://shop.example/privacy")
            assert consent["at"].isdigit()
            assert (await first(guest))["type"] == "message", "asked once"
        rows = server.rows("SELECT count(*) FROM chat_visitor WHERE consented_at IS NOT NULL")
        assert rows[0][0] >= 1

    run(scene())


WRONG = {
    "nothing": None,
    "no consent": {**GOOD, "consent": False},
    "consent as text": {**GOOD, "consent": "true"},
    "no name": {**GOOD, "name": " "},
    "a name that is a list": {**GOOD, "name": ["Ada"]},
    "a long name": {**GOOD, "name": "x" * 256},
    "no e-mail address": {**GOOD, "email": "ada"},
    "another choice": {**GOOD, "fields": {"topic": "Sales"}},
    "no choice": {**GOOD, "fields": {}},
    "fields as text": {**GOOD, "fields": "topic"},
    "a long answer": {**GOOD, "fields": {"topic": "Other", "order": "x" * 1001}},
    "several lines": {**GOOD, "fields": {"topic": "Other", "order": "a\nb"}},
}


@pytest.mark.parametrize("kind", WRONG)
def test_answers_that_do_not_fit_the_form_store_nothing(server: Server, web_chat: str, kind: str) -> None:
    async def scene() -> None:
        before = server.rows("SELECT count(*) FROM chat_contact")
        async with Guest(server, web_chat=web_chat) as guest:
            assert (await first(guest, WRONG[kind]))["code"] == "bad_request"
            assert server.rows("SELECT count(*) FROM chat_contact") == before
            assert not any(one["type"] == "visitor" for one in guest.frames)
            assert (await first(guest, GOOD))["type"] == "message"

    run(scene())


def test_what_nobody_asked_is_not_stored(server: Server, web_chat: str) -> None:
    async def scene() -> None:
        async with Guest(server, web_chat=web_chat) as guest:
            more = {**GOOD, "fields": {**GOOD["fields"], "role": "admin"}, "phone": "1", "consent": True}
            assert "role" not in contact_of(server, await first(guest, more))[2]["fields"]
        async with Guest(server) as guest:
            assert contact_of(server, await first(guest, GOOD)) == ("anonymous", "", {})

    run(scene())


def test_who_is_known_is_not_asked_again_and_not_overwritten(server: Server, web_chat: str) -> None:
    async def scene() -> None:
        async with Guest(
            server, identity=signed(server, "asked", name="Known", email="known@example.com")
        ) as a:
            await first(a)
        ((contact,),) = server.rows("SELECT id FROM chat_contact WHERE source_id = 'asked'")
        async with Guest(server, web_chat=web_chat, contactId=contact) as guest:
            assert (await first(guest, {"name": "Taken"}))["code"] == "bad_request", "they agree all the same"
            taken = {"name": "Taken", "email": "taken@example.com", "consent": True}
            name, email, _profile = contact_of(server, await first(guest, taken))
            assert (name, email) == ("Known", "known@example.com")

    run(scene())


BASES = [
    {
        "knowledge_base_id": "a",
        "chatbot_file_ids": ["1", "2"],
        "faq_ids": [],
        "has_user_selected_all": "False",
    },
    {"knowledge_base_id": "b", "chatbot_file_ids": [], "faq_ids": [], "has_user_selected_all": "True"},
]
MORE = {"knowledge_base_id": "a", "chatbot_file_ids": ["2", "3"], "faq_ids": ["9"]}
FEW = {"knowledge_base_id": "b", "chatbot_file_ids": ["7"], "faq_ids": []}
LABEL, OTHER = {"label_id": "x"}, {"label_id": "y"}
NARROWED: dict[str, tuple[Any, Any, Any]] = {
    "nothing asked": ({"knowledge_bases": BASES}, None, None),
    "no restriction": (None, {"knowledge_bases": [MORE]}, {"knowledge_bases": [MORE]}),
    "files in common": (
        {"knowledge_bases": BASES},
        {"knowledge_bases": [MORE]},
        {"knowledge_bases": [{**BASES[0], "chatbot_file_ids": ["2"], "faq_ids": []}]},
    ),
    "all of what is allowed": (
        {"knowledge_bases": BASES},
        {"knowledge_bases": [{"knowledge_base_id": "a", "has_user_selected_all": True}]},
        {"knowledge_bases": [BASES[0]]},
    ),
    "some of all": ({"knowledge_bases": BASES}, {"knowledge_bases": [FEW]}, {"knowledge_bases": [FEW]}),
    "another one": (
        {"knowledge_bases": BASES},
        {"knowledge_bases": [{"knowledge_base_id": "c", "has_user_selected_all": "True"}]},
        {"knowledge_bases": []},
    ),
    "no bases named": (
        {"knowledge_bases": BASES},
        {"source": "x"},
        {"knowledge_bases": BASES, "source": "x"},
    ),
    "none allowed": ({"tier": "free"}, {"knowledge_bases": BASES}, {"knowledge_bases": [], "tier": "free"}),
    "labels": (
        {"knowledge_bases": BASES, "label_relations": LABEL},
        {"label_relations": OTHER},
        {"knowledge_bases": BASES, "label_relations": {"operator": "AND", "conditions": [LABEL, OTHER]}},
    ),
    "the same labels": (
        {"knowledge_bases": BASES, "label_relations": LABEL},
        {"knowledge_bases": BASES, "label_relations": LABEL},
        {"knowledge_bases": BASES, "label_relations": LABEL},
    ),
    "its own words": (
        {"knowledge_bases": [], "tier": "free"},
        {"tier": "gold", "campaign": "spring"},
        {"knowledge_bases": [], "tier": "free", "campaign": "spring"},
    ),
    "no lists": ({"knowledge_bases": "all"}, {"knowledge_bases": {"a": 1}}, {"knowledge_bases": []}),
}


@pytest.mark.parametrize("kind", NARROWED)
def test_what_a_page_asks_of_the_knowledge_only_narrows_what_the_contact_may_see(
    server: Server, kind: str
) -> None:
    allowed, asked, expected = NARROWED[kind]
    assert narrowed(allowed, asked) == expected


def test_the_message_keeps_what_was_narrowed(server: Server) -> None:
    async def scene() -> None:
        async with Guest(server, identity=signed(server, "narrow")) as guest:
            await first(guest)
            stored = json.dumps({"knowledge_bases": BASES})
            server.execute("UPDATE chat_contact SET query_metadata = ? WHERE source_id = 'narrow'", stored)
            id = str(uuid4())
            fields = {"content": "sim:tokens=1", "queryMetadata": {"knowledge_bases": [MORE]}}
            await guest.say("send", id=id, conversation=str(uuid4()), **fields)
            message = (await guest.frame("message", ref=id))["message"]
            assert message["queryMetadata"]["knowledge_bases"][0]["chatbot_file_ids"] == ["2"]

    run(scene())


def heard(guest: Guest, id: str) -> Any:
    """The message with this id, once it was told."""
    told = (one["message"] for one in guest.frames if one["type"] == "message")
    return next((message for message in told if message["id"] == id), None)


def test_what_a_program_keeps_with_a_message_is_not_told_to_the_page(server: Server) -> None:
    async def scene() -> None:
        async with Guest(server) as guest:
            conversation = (await guest.send("sim:tokens=1"))["message"]["conversation"]
            body = {"conversation": conversation, "content": "By hand.", "queryMetadata": {"secret": 1}}
            headers = {"Authorization": f"Api-Key {server.people['alice']['key']}"}
            url = f"{server.origin}/api/messages/outgoing/"
            made = await asyncio.to_thread(requests.post, url, json=body, headers=headers, timeout=10)
            assert made.json()["queryMetadata"] == {"secret": 1}
            told = await guest.wait(lambda: heard(guest, made.json()["id"]))
            listed = guest.ask(f"conversations/{conversation}/messages")[1]["results"][0]
            assert listed["content"] == "By hand."
            assert told["queryMetadata"] is listed["queryMetadata"] is None

    run(scene())
