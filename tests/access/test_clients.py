"""Every call of MAAX's and of OpenAI's API x every kind of key. A call that is in no table fails the build.

To add one, add a line to its table, and one more for each thing that it names::

    Entry("openai-model", "get", names="model"),

``names`` is the parameter, in the address or among those of the call, that names a thing of alice's
(``things``). With it the other organization's key must be refused, with the same bytes as for a thing that
nobody has. Without one it is a list or a creation: there the other key gets its own, and nothing of alice's.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.http import HttpResponse
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver, resolve, reverse
from django.utils import timezone

from chat.models import Message
from chat.services.integer_ids import integer_id
from chat.services.keys import create_api_key, revoke_api_keys
from tests import people
from tests.maax.calling import ADA, SUPPORT
from tests.maax.program import CREATE, QUESTION, Program

pytestmark = pytest.mark.django_db

Things = dict[str, Any]
ABSENT: Things = {
    **dict.fromkeys(("conversation_id", "prospect_id", "ai_id", "incoming_message_id"), 999_999_999),
    "model": str(uuid4()),
    "named": "Nobody's handbook",
}


@dataclass(frozen=True)
class Entry:
    name: str
    method: str
    #: The parameter that names a thing, and the thing, where that has another name.
    names: str = ""
    thing: str = ""
    #: In the address, and not among the parameters of the call.
    in_address: bool = False
    given: Things = field(default_factory=dict)

    @property
    def label(self) -> str:
        return f"{self.method} {self.name} {self.thing or self.names}"

    @property
    def is_openai(self) -> bool:
        return self.name.startswith("openai-")


WHO = {"prospect_info": ADA}
ASKED = {"messages": [{"role": "user", "content": "Hello"}]}

MAAX = [
    Entry("maax-InitiateAnswerGeneration", "post", given=QUESTION),
    Entry("maax-InitiateAnswerGeneration", "post", names="ai_id", given=QUESTION),
    Entry("maax-InitiateAnswerGeneration", "post", names="prospect_id", given=QUESTION),
    Entry("maax-InitiateAnswerGeneration", "post", names="conversation_id", given=QUESTION),
    Entry("maax-RetrieveAnswer", "get", names="incoming_message_id", given={"service_type": SUPPORT}),
    Entry("maax-CreateConversation", "post", given=WHO),
    Entry("maax-CreateConversation", "post", names="ai_id", given=WHO),
    Entry("maax-CreateConversation", "post", names="prospect_id"),
    Entry("maax-CreateConversation", "get", names="conversation_id"),
    Entry("maax-ConversationHistory", "get", names="conversation_id"),
]
OPENAI = [
    Entry("openai-models", "get"),
    Entry("openai-model", "get", names="model", in_address=True),
    Entry("openai-model", "get", names="model", thing="named", in_address=True),
    # Without a running server nothing is asked: only whether it would be.
    Entry("openai-chat-completions", "post", names="model", given=ASKED),
    Entry("openai-chat-completions", "post", names="model", thing="named", given=ASKED),
]
every = pytest.mark.parametrize("entry", [*MAAX, *OPENAI], ids=lambda entry: entry.label)


@pytest.fixture
def things() -> Things:
    """What alice has, by the names that the tables use; ``keys`` opens it to her and to others."""
    program = Program(people.HOME)
    organization, elsewhere = program.organization, people.make_organization(people.ELSEWHERE)
    status, begun = program.post(CREATE, WHO)
    assert status == 200, begun
    message = program.ask()
    chatbot = people.chatbot_of(people.alice())
    keys = {
        name: create_api_key(organization=one, name=name, scopes=scopes)[1]
        for name, one, scopes in (
            ("hers", organization, []),
            ("read", organization, ["read"]),
            ("foreign", elsewhere, []),
            ("revoked", organization, []),
            ("expired", organization, []),
        )
    }
    revoke_api_keys(organization.api_keys.filter(name="revoked"))
    organization.api_keys.filter(name="expired").update(expires_at=timezone.now() - timedelta(seconds=1))
    assert message.sender_contact_id
    return {
        "keys": keys,
        "conversation_id": begun["conversation_id"],
        "prospect_id": integer_id("contact", message.sender_contact_id),
        "ai_id": integer_id("chatbot", chatbot.pk),
        "incoming_message_id": integer_id("message", message.pk),
        "model": str(chatbot.pk),
        "named": chatbot.name,
    }


def routes(patterns: list[Any]) -> Iterator[tuple[str, str]]:
    """Each name with each method that its view has."""
    for one in patterns:
        if isinstance(one, URLResolver):
            yield from routes(one.url_patterns)
        elif isinstance(one, URLPattern) and str(one.name).startswith(("maax-", "openai-")):
            view = one.callback.view_class  # type: ignore[attr-defined]
            yield from ((str(one.name), name) for name in view.http_method_names if has_own(view, name))


def has_own(view: type, method: str) -> bool:
    return method != "options" and hasattr(view, method)


def test_every_call_is_in_a_table() -> None:
    assert set(routes(get_resolver().url_patterns)) == {(one.name, one.method) for one in [*MAAX, *OPENAI]}


def ask(entry: Entry, things: Things, key: str) -> HttpResponse:
    named = {entry.names: things[entry.thing or entry.names]} if entry.names else {}
    address = reverse(entry.name, kwargs=named if entry.in_address else {})
    given = entry.given if entry.in_address else entry.given | named
    text = things["keys"].get(key, key)
    sent = {"Authorization": f"Bearer {text}"} if entry.is_openai else {"2hd-api-key": text}
    client = Client(headers=sent)
    if entry.method == "get":
        return client.get(address, given)  # type: ignore[return-value]
    return client.post(address, json.dumps(given), "application/json")  # type: ignore[return-value]


@every
def test_the_organizations_key_opens_it(entry: Entry, things: Things) -> None:
    answer = ask(entry, things, "hers")
    assert answer.status_code == 200, answer.content


@every
@pytest.mark.parametrize("key", ["", "pk_00000000_nonsense", "revoked", "expired"])
def test_a_key_that_does_not_work_opens_nothing(entry: Entry, key: str, things: Things) -> None:
    answer = ask(entry, things, key)
    assert answer.status_code == 401, answer.content
    assert answer.headers["WWW-Authenticate"] == ("Bearer" if entry.is_openai else "2hd-api-key")
    assert set(json.loads(answer.content)) == {"error"}


@every
def test_a_key_that_only_reads_writes_nothing(entry: Entry, things: Things) -> None:
    before = Message.objects.count()
    assert ask(entry, things, "read").status_code == (200 if entry.method == "get" else 403)
    assert Message.objects.count() == before


@every
def test_anothers_things_are_refused_as_those_that_nobody_has(entry: Entry, things: Things) -> None:
    before = Message.objects.count()
    answer = ask(entry, things, "foreign")
    if not entry.names:
        assert answer.status_code == 200, answer.content
        assert things["model"].encode() not in answer.content
        return
    assert answer.status_code == (404 if entry.is_openai else 403), answer.content
    absent = ask(entry, ABSENT | {"keys": things["keys"]}, "foreign")
    assert (absent.status_code, absent.content) == (answer.status_code, answer.content)
    assert Message.objects.count() == before


@pytest.mark.parametrize("entry", OPENAI, ids=lambda entry: entry.label)
def test_openais_calls_are_in_both_places_with_and_without_a_slash(entry: Entry) -> None:
    path = reverse(entry.name, kwargs={"model": "x"} if entry.in_address else {}).strip("/")
    below = path.removeprefix("api/").removeprefix("v1/")
    for prefix in ("/v1/", "/api/v1/"):
        for slash in ("", "/"):
            assert resolve(f"{prefix}{below}{slash}").url_name == entry.name
