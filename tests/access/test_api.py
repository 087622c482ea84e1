"""Every route of the API x every kind of caller. A route that is not in the table fails the build.

To add a route, add a line to ``TABLE`` for each of its methods::

    Entry("api-conversation", "get", id="conversation", anonymous=404),

``id`` names the thing of alice's (``things``) whose id stands in the address; ``parent``, if the address has
two ids, that of the other one. With them the other organization's key must get 404, and the same bytes as for
an id that nobody has. Without them it is a list or a creation: there the other key gets its own, and nothing
of alice's may stand in it.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any
from uuid import UUID, uuid4

import pytest
from django.core.files.base import ContentFile
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver, resolve, reverse

from chat.models import Contact, Inbox, WebChat
from chat.principals import Principal
from chat.selectors.visitors import visitor_for
from chat.services import attachments, uploads
from chat.services.keys import create_api_key, revoke_api_keys
from chat.services.messages import post_message
from chat.services.outgoing import post_outgoing
from chat.services.web_chats import begin_conversation
from tests import people

pytestmark = pytest.mark.django_db

Things = dict[str, Any]
#: Anybody may ask; what they get does not depend on who they are.
PUBLIC = {"api-schema", "api-docs"}


@dataclass(frozen=True)
class Entry:
    name: str
    method: str
    #: Which of alice's things stands in the address, and under which name the address has it.
    id: str = ""
    argument: str = "id"
    parent: str = ""
    parent_argument: str = "chatbot"
    body: Callable[[Things], Any] = lambda things: {}
    #: What alice's key gets; what a stranger gets, and what a key of the other organization gets.
    ok: int = 200
    anonymous: int = 401
    foreign: int | None = None
    #: The least scope that suffices; empty: read or write, by the method.
    scope: str = ""
    query: str = ""

    @property
    def label(self) -> str:
        return f"{self.method} {self.name}"

    @property
    def needed(self) -> str:
        return self.scope or ("read" if self.method == "get" else "write")


def web_chat_in(them: Things) -> Any:
    return {"webChat": them["web_chat"]}


def message_in(them: Things) -> Any:
    return {"conversation": them["conversation"], "content": "Hello"}


def file_in(them: Things) -> Any:
    return {"file": them["upload"], "filename": "a.txt"}


def form_for(them: Things) -> Any:
    return {"filename": "a.txt", "modelName": "attachment", "fieldName": "file", "fileSize": 5}


TABLE = [
    Entry("api-attachments", "get"),
    Entry("api-attachments", "post", body=file_in, ok=201, foreign=400),
    Entry("api-attachments-upload", "post", body=file_in, ok=201, foreign=400),
    Entry("api-attachment", "get", id="attachment"),
    Entry("api-attachment", "patch", id="attachment", body=lambda them: {"filename": "b.txt"}),
    Entry("api-attachment", "put", id="attachment", body=lambda them: {"filename": "b.txt"}),
    Entry("api-attachment", "delete", id="attachment", ok=204),
    Entry(
        "api-conversation-attachments",
        "post",
        id="conversation",
        body=file_in,
        ok=201,
        anonymous=404,
        foreign=404,
    ),
    Entry("api-upload-presigned-url", "post", body=form_for, anonymous=200),
    # Without a running server nothing is asked: only whether it would be.
    Entry("api-completions", "post", id="chatbot", body=lambda things: {"message": {"content": "Hello"}}),
    Entry("api-inboxes", "get"),
    Entry("api-chatbots", "get"),
    Entry("api-chatbots", "post", body=lambda _: {"name": "New"}, ok=201, scope="admin"),
    Entry("api-chatbot", "get", id="chatbot", anonymous=200),
    Entry("api-chatbot", "patch", id="chatbot", body=lambda _: {"name": "Taken"}, scope="admin"),
    Entry("api-chatbot", "put", id="chatbot", body=lambda _: {"name": "Taken"}, scope="admin"),
    Entry("api-chatbot", "delete", id="chatbot", ok=204, scope="admin"),
    Entry("api-records", "get", id="chatbot"),
    Entry("api-records-export", "get", id="chatbot"),
    Entry("api-webhook-records", "get", id="chatbot"),
    Entry("api-web-chats", "get"),
    Entry("api-web-chat", "get", id="web_chat", anonymous=200),
    Entry("api-contacts", "get"),
    Entry(
        "api-contacts",
        "post",
        body=lambda things: {"name": "Ada", "inboxes": [{"id": things["inbox"]}]},
        ok=201,
        foreign=400,
    ),
    Entry("api-contact", "get", id="contact"),
    Entry("api-contact", "put", id="contact", body=lambda _: {"name": "Taken"}),
    Entry("api-contact", "patch", id="contact", body=lambda _: {"name": "Taken"}),
    Entry("api-contact", "delete", id="contact", ok=204),
    Entry("api-contact-conversations", "get", id="contact"),
    Entry("api-contact-latest", "get", id="contact"),
    Entry(
        "api-broadcast",
        "post",
        body=lambda things: {"message": "Hello.", "inboxId": things["inbox"]},
        foreign=400,
    ),
    Entry("api-conversations", "get"),
    Entry("api-conversations", "post", body=web_chat_in, ok=201, foreign=400, anonymous=201),
    Entry("api-conversation", "get", id="conversation", anonymous=404),
    Entry("api-conversation-auto-reply", "patch", id="conversation"),
    Entry("api-conversation-group-mention", "patch", id="conversation"),
    Entry("api-messages", "get"),
    Entry("api-messages", "get", query="?conversation={conversation}", anonymous=404, foreign=404),
    Entry("api-messages", "post", body=message_in, ok=201, foreign=400),
    Entry("api-messages-outgoing", "post", body=message_in, ok=201, foreign=400),
    Entry("api-message", "get", id="message"),
    Entry("api-message", "get", id="message", query="?conversation={conversation}", anonymous=404),
    Entry("api-message-feedback", "put", id="message", body=lambda them: {"type": "like"}),
]


@pytest.fixture
def things() -> Things:
    """What alice has, by the names that the table uses; ``keys`` opens it to her and to others."""
    organization = people.organization_of(people.alice())
    elsewhere = people.organization_of(people.charlie())
    inbox = Inbox.objects.create(organization=organization, name="Alice's inbox")
    chatbot = people.chatbot_of(people.alice())
    web_chat = WebChat.objects.create(
        organization=organization, inbox=inbox, chatbot=chatbot, name="Alice's site"
    )
    contact = Contact.objects.create(organization=organization, name="Alice's visitor")
    hers = Principal("system", organization.pk, organization.pk)
    conversation = begin_conversation(principal=hers, web_chat=web_chat.pk, contact=contact.pk)
    message = post_outgoing(principal=hers, id=uuid4(), conversation=conversation.pk, content="Mine.").message
    keys = {
        name: create_api_key(organization=one, name=name, scopes=scopes)[1]
        for name, one, scopes in (
            ("hers", organization, []),
            ("read", organization, ["read"]),
            ("write", organization, ["write"]),
            ("foreign", elsewhere, []),
            ("revoked", organization, []),
        )
    }
    revoke_api_keys(organization.api_keys.filter(name="revoked"))
    program = Principal("key", organization.api_keys.get(name="hers").pk, organization.pk)
    text = ContentFile(b"Alice's", "a.txt")
    attachment = attachments.add(principal=program, file=text, filename="a.txt")
    upload = uploads.reserve(program, "a.txt", text.size)
    uploads.put(upload, text)
    return {
        "keys": keys,
        "organization": organization.pk,
        "inbox": inbox.pk,
        "web_chat": web_chat.pk,
        "chatbot": chatbot.pk,
        "contact": contact.pk,
        "conversation": conversation.pk,
        "message": message.pk,
        "attachment": attachment.pk,
        "upload": upload.key,
    }


def routes(patterns: list[Any]) -> Iterator[str]:
    for one in patterns:
        if isinstance(one, URLResolver):
            yield from routes(one.url_patterns)
        elif isinstance(one, URLPattern) and one.name and one.name.startswith("api-"):
            yield one.name


def test_every_route_is_in_the_table() -> None:
    assert set(routes(get_resolver().url_patterns)) == PUBLIC | {entry.name for entry in TABLE}


@pytest.mark.parametrize("name", sorted({entry.name for entry in TABLE} | PUBLIC))
def test_it_is_in_both_places_with_and_without_a_slash(name: str) -> None:
    ids = {"id": uuid4()} if any(entry.name == name and entry.id for entry in TABLE) else {}
    below = reverse(name, kwargs=ids).removeprefix("/api/").removesuffix("/")
    for prefix in ("/api/", "/api/v1/"):
        for slash in ("", "/"):
            assert resolve(f"{prefix}{below}{slash}").url_name == name


def ask(entry: Entry, things: Things, key: str | None) -> tuple[int, bytes]:
    arguments = {}
    if entry.id:
        arguments[entry.argument] = things[entry.id]
    if entry.parent:
        arguments[entry.parent_argument] = things[entry.parent]
    address = reverse(entry.name, kwargs=arguments) + entry.query.format(**things)
    headers = {"Authorization": f"Api-Key {things['keys'][key]}"} if key else {}
    body = None if entry.method == "get" else json.dumps(entry.body(things), default=str)
    content = {} if body is None else {"data": body, "content_type": "application/json"}
    response = getattr(Client(), entry.method)(address, headers=headers, **content)
    whole = b"".join(response.streaming_content) if response.streaming else response.content
    return response.status_code, whole


every = pytest.mark.parametrize("entry", TABLE, ids=lambda entry: entry.label)


@every
def test_the_organizations_key_opens_it(entry: Entry, things: Things) -> None:
    status, body = ask(entry, things, "hers")
    assert status == entry.ok, body


@every
def test_a_stranger_gets_in_only_where_strangers_may(entry: Entry, things: Things) -> None:
    status, body = ask(entry, things, None)
    assert status == entry.anonymous, body
    if status == 401:
        assert set(json.loads(body)) == {"detail"}


#: What a stranger may ask of a conversation that they began, with its id.
OF_STRANGERS = {
    "post api-conversations",
    "get api-conversation",
    "get api-messages?conversation={conversation}",
    "post api-messages",
    "get api-message?conversation={conversation}",
    "post api-conversation-attachments",
}
#: What the page of a web chat shows before anybody says who they are, and a form that names no web chat.
SHOWN_TO_ALL = {"get api-chatbot", "get api-web-chat", "post api-upload-presigned-url"}


def begun_by_a_stranger(things: Things) -> Things:
    begun = begin_conversation(principal=None, web_chat=things["web_chat"])
    hello: dict[str, Any] = {"conversation": begun.pk, "content": "Mine.", "begins": False}
    message = post_message(principal=visitor_for(begun.pk), id=uuid4(), **hello).message
    upload = uploads.reserve(None, "a.txt", 7)
    uploads.put(upload, ContentFile(b"Anybody", "a.txt"))
    return {"conversation": begun.pk, "message": message.pk, "upload": upload.key}


@every
def test_where_identity_is_enforced_a_stranger_begins_writes_and_reads_nothing(
    entry: Entry, things: Things
) -> None:
    """Also not in what they began before: neither the web chat's id nor the conversation's is a signature."""
    theirs, label = things | begun_by_a_stranger(things), entry.label + entry.query
    status, body = ask(entry, theirs, None)
    assert (status in (200, 201)) is (label in OF_STRANGERS | SHOWN_TO_ALL), body
    WebChat.objects.filter(pk=things["web_chat"]).update(identity_enforced=True)
    status, body = ask(entry, theirs, None)
    assert (status in (200, 201)) is (label in SHOWN_TO_ALL), body
    if label in OF_STRANGERS:
        absent = theirs | {name: uuid4() for name in ("conversation", "message", "web_chat")}
        assert ask(entry, absent, None) == (status, body)


@every
def test_a_revoked_key_opens_nothing(entry: Entry, things: Things) -> None:
    assert ask(entry, things, "revoked")[0] == 401


@every
def test_a_key_does_only_what_its_scope_allows(entry: Entry, things: Things) -> None:
    order = ["read", "write"]
    for scope in order:
        status, body = ask(entry, things, scope)
        enough = entry.needed in order[: order.index(scope) + 1]
        assert (status == 403) is not enough, (scope, body)


@every
def test_another_organizations_key_sees_nothing_and_changes_nothing(entry: Entry, things: Things) -> None:
    status, body = ask(entry, things, "foreign")
    assert status == (entry.foreign or (404 if entry.id or entry.parent else entry.ok)), body
    for name, value in things.items():
        if isinstance(value, UUID) and name != entry.id:
            assert str(value).encode() not in body
    if status == 404:
        absent = things | {name: uuid4() for name in (entry.id, entry.parent) if name}
        assert ask(entry, absent, "foreign") == (status, body)
