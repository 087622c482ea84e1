"""Every route of visitors x every kind of caller. What is not in the table fails the build.

A visitor of the same web chat, of another one, of another site, with a token that ended, a member with a
cookie and a stranger see nothing of a visitor's, and learn no more of it than of what does not exist.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any
from urllib.parse import urlsplit
from uuid import uuid4

import pytest
from django.conf import settings
from django.core import signing
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver, reverse
from django.utils import timezone

from chat.models import Attachment, Conversation, Feedback, Visitor, VisitorToken, WebChat
from chat.principals import Principal, Visit
from chat.services import visitor_tokens
from chat.services.keys import create_api_key
from chat.services.messages import post_message
from tests import people
from tests.media import samples

pytestmark = pytest.mark.django_db

Things = dict[str, Any]
SHOP, OTHER_SHOP = "https://shop.example", "https://other.example"

#: Of whoever has the page: what they get does not depend on who they are.
OPEN = {"embed-page": "get", "embed-preview": "get", "visitor-ticket": "post"}
#: method, what stands in the address, body
TABLE: dict[str, tuple[str, str, dict[str, str] | None]] = {
    "visitor-conversations": ("get", "", None),
    "visitor-messages": ("get", "conversation", None),
    "visitor-read": ("post", "conversation", None),
    "visitor-feedback": ("put", "message", {"type": "like"}),
    "visitor-clear": ("post", "", None),
    "visitor-attach": ("post", "", {"file": "sea.png"}),
}


def routes(patterns: list[Any]) -> Iterator[str]:
    for one in patterns:
        if isinstance(one, URLResolver):
            yield from routes(one.url_patterns)
        elif isinstance(one, URLPattern) and one.name and one.name.startswith(("embed-", "visitor-")):
            yield one.name


def test_every_route_is_in_the_table() -> None:
    assert set(routes(get_resolver().url_patterns)) == OPEN.keys() | TABLE.keys()


def visitor_in(web_chat: WebChat, site: str = SHOP) -> tuple[Visitor, str]:
    contact = web_chat.organization.contacts.create(name="anonymous")
    visitor = Visitor.objects.create(web_chat=web_chat, contact=contact, site=site)
    return visitor, visitor_tokens.keep(visitor, web_chat.generation)[1]


def principal_of(visitor: Visitor) -> Principal:
    web_chat = visitor.web_chat
    visit = Visit(web_chat.pk, web_chat.inbox_id, web_chat.chatbot_id, visitor.contact_id, visitor.verified)
    return Principal("visitor", visitor.pk, web_chat.organization_id, "anonymous", visit)


@pytest.fixture
def things() -> Things:
    """What a visitor of alice's web chat has, and the tokens of others."""
    web_chat, elsewhere = people.web_chat_of(people.alice()), people.web_chat_of(people.charlie())
    second = people.web_chat_of(people.bob())
    visitor, token = visitor_in(web_chat)
    posted = post_message(
        principal=principal_of(visitor), id=uuid4(), conversation=uuid4(), content="Nobody else's."
    )
    assert posted.reply
    return {
        "web_chat": web_chat.pk,
        "second": second.pk,
        "conversation": posted.message.conversation_id,
        "message": posted.reply.outgoing_id,
        "visitor": visitor,
        "token": token,
        "others": {
            "another visitor": visitor_in(web_chat)[1],
            "a visitor of another web chat": visitor_in(second)[1],
            "a visitor of another organization": visitor_in(elsewhere)[1],
            "a visitor of another site": visitor_in(web_chat, OTHER_SHOP)[1],
        },
    }


def ask(
    route: str,
    things: Things,
    *,
    token: str | None,
    site: str = SHOP,
    client: Client | None = None,
    **changes: Any,
) -> tuple[int, bytes]:
    method, kind, body = TABLE[route]
    arguments = {"web_chat": changes.pop("web_chat", things["web_chat"])}
    if kind:
        arguments["id"] = changes.pop(kind, things[kind])
    headers = {"Parley-Site": site, **changes.pop("headers", {})}
    if token is not None:
        headers["Authorization"] = f"Visitor {token}"
    sent: dict[str, Any] = {} if body is None else {"data": body, "content_type": "application/json"}
    if body and "file" in body:
        sent = {"data": {"file": SimpleUploadedFile(body["file"], samples.png(), "image/png")}}
    response = getattr(client or Client(enforce_csrf_checks=True), method)(
        reverse(route, kwargs=arguments), headers=headers, **sent
    )
    assert response.headers["Cache-Control"] == "no-store"
    assert not response.cookies
    return response.status_code, response.content


every = pytest.mark.parametrize("route", TABLE)


@every
def test_the_visitor_reaches_their_own(route: str, things: Things) -> None:
    status, body = ask(route, things, token=things["token"])
    assert status in (200, 201, 204), body


@every
@pytest.mark.parametrize("name", ["another visitor", "a visitor of another site"])
def test_another_visitor_learns_no_more_than_of_what_does_not_exist(
    name: str, route: str, things: Things
) -> None:
    site = OTHER_SHOP if "site" in name else SHOP
    token, kind = things["others"][name], TABLE[route][1]
    status, body = ask(route, things, token=token, site=site)
    assert b"Nobody" not in body
    if kind:
        assert status == 404
        assert ask(route, things, token=token, site=site, **{kind: uuid4()}) == (status, body)
    assert not Feedback.objects.exists()
    assert Conversation.objects.filter(pk=things["conversation"]).exists()
    assert ask("visitor-messages", things, token=things["token"])[0] == 200


@every
@pytest.mark.parametrize(
    "name",
    ["a visitor of another web chat", "a visitor of another organization", "a visitor of another site"],
)
def test_a_token_opens_nothing_in_another_web_chat_or_on_another_site(
    name: str, route: str, things: Things
) -> None:
    status, body = ask(route, things, token=things["others"][name])
    assert (status, b"token_refused" in body) == (401, True)


@every
@pytest.mark.parametrize("site", [OTHER_SHOP, "", "null", "http://shop.example", "https://shop.example:8443"])
def test_on_another_site_the_visitor_is_not_known(site: str, route: str, things: Things) -> None:
    assert ask(route, things, token=things["token"], site=site)[0] == 401


def ended(how: str, token: str) -> None:
    now = timezone.now()
    row = VisitorToken.objects.filter(digest=visitor_tokens.digest_of(token))
    match how:
        case "expired":
            row.update(expires_at=now)
        case "revoked":
            row.update(revoked_at=now)
        case "replaced an hour ago":
            row.update(replaced_at=now - timedelta(minutes=60))
        case "paused":
            WebChat.objects.filter(visitors__tokens__in=row).update(generation=2)
        case "contact deleted":
            row.get().visitor.contact.__class__.objects.filter(visitors__tokens__in=row).update(
                deleted_at=now
            )


@every
@pytest.mark.parametrize("how", ["expired", "revoked", "replaced an hour ago", "paused", "contact deleted"])
def test_a_token_that_has_ended_opens_nothing(how: str, route: str, things: Things) -> None:
    ended(how, things["token"])
    status, body = ask(route, things, token=things["token"])
    assert (status, b"token_refused" in body) == (401, True)


def forged(kind: str, things: Things) -> str:
    token: str = things["token"]
    visitor = things["visitor"]
    match kind:
        case "empty":
            return ""
        case "its digest":
            return visitor_tokens.digest_of(token)
        case "changed":
            return token[:-1] + ("A" if token[-1] != "A" else "B")
        case "the visitor's id":
            return str(visitor.pk)
        case "signed for a visitor who is stored":
            return visitor_tokens.first_token(visitor.pk, web_chat=visitor.web_chat, site=SHOP)
        case "a first token that was not stored":
            return visitor_tokens.first_token(uuid4(), web_chat=visitor.web_chat, site=SHOP)
        case "a ticket":
            return visitor_tokens.ticket_for(visitor.web_chat)
        case _:
            return signing.dumps([visitor.pk.hex], salt="another")


FORGERIES = (
    *("empty", "its digest", "changed", "the visitor's id", "signed for a visitor who is stored"),
    *("a first token that was not stored", "a ticket", "another signature"),
)
#: What whoever was let in may do before anything is stored of them.
WITH_A_FIRST_TOKEN = {"visitor-attach"}


@every
@pytest.mark.parametrize("kind", FORGERIES)
def test_what_is_no_token_opens_nothing(kind: str, route: str, things: Things) -> None:
    status, body = ask(route, things, token=forged(kind, things))
    allowed = route in WITH_A_FIRST_TOKEN and kind == "a first token that was not stored"
    assert (status, b"token_refused" in body) == ((201, False) if allowed else (401, True))


@every
@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"Authorization": "Visitor"},
        {"Authorization": "Bearer {token}"},
        {"Authorization": "Api-Key {token}"},
        {"Authorization": "{token}"},
        {"Authorization": "Visitor Visitor {token}"},
        {"Cookie": "token={token}; Authorization=Visitor {token}"},
        {"Visitor": "{token}"},
        {"X-Authorization": "Visitor {token}"},
    ],
)
def test_the_token_counts_only_where_it_belongs(headers: dict[str, str], route: str, things: Things) -> None:
    filled = {name: value.format(token=things["token"]) for name, value in headers.items()}
    assert ask(route, things, token=None, headers=filled)[0] == 401


@every
@pytest.mark.parametrize("name", ["alice", "bob", "root"])
def test_a_members_cookie_has_no_effect(name: str, route: str, things: Things) -> None:
    client = Client()
    client.force_login(getattr(people, name)(), "allauth.account.auth_backends.AuthenticationBackend")
    anonymous = ask(route, things, token=None)
    assert anonymous[0] == 401
    assert ask(route, things, token=None, client=client) == anonymous
    other = things["others"]["another visitor"]
    with_cookie, without = (ask(route, things, token=other, client=one) for one in (client, None))
    assert with_cookie[0] == without[0]
    assert with_cookie == without or route == "visitor-attach"  # each file has an id of its own
    assert not Attachment.objects.exclude(created_by__startswith="visitor:").exists()


@every
def test_an_api_key_opens_none_of_it(route: str, things: Things) -> None:
    _, key = create_api_key(organization=people.organization_of(people.alice()), name="Key")
    assert ask(route, things, token=None, headers={"Authorization": f"Api-Key {key}"})[0] == 401
    assert ask(route, things, token=key)[0] == 401


@every
def test_where_identity_is_enforced_an_unsigned_visitor_reaches_nothing(route: str, things: Things) -> None:
    WebChat.objects.filter(pk=things["web_chat"]).update(identity_enforced=True)
    status, body = ask(route, things, token=things["token"])
    assert (status, b"identity_required" in body) == (403, True)
    Visitor.objects.filter(pk=things["visitor"].pk).update(verified=True)
    assert ask(route, things, token=things["token"])[0] in (200, 201, 204)


@pytest.mark.parametrize("signed", [False, True])
def test_where_identity_is_enforced_only_a_signed_newcomer_puts_a_file_down(
    signed: bool, things: Things
) -> None:
    """Before their first message; the token of somebody else may be from before identity was demanded."""
    web_chat = things["visitor"].web_chat
    token = visitor_tokens.first_token(uuid4(), web_chat=web_chat, site=SHOP, verified=signed)
    WebChat.objects.filter(pk=web_chat.pk).update(identity_enforced=True)
    status, body = ask("visitor-attach", things, token=token)
    assert (status, b"identity_required" in body) == ((201, False) if signed else (403, True))


CLOSED = {
    "paused": {"is_active": False},
    "closed to strangers": {"enable_anonymous": False},
    "of the API": {"access_type": "api"},
}


@every
@pytest.mark.parametrize("how", CLOSED)
def test_a_web_chat_that_is_closed_looks_like_none(how: str, route: str, things: Things) -> None:
    WebChat.objects.filter(pk=things["web_chat"]).update(**CLOSED[how])
    absent = ask(route, things, token=things["token"], web_chat=uuid4())
    assert absent[0] == 404
    assert ask(route, things, token=things["token"]) == absent


@pytest.mark.parametrize("route", OPEN)
def test_what_is_open_is_the_same_for_everybody(route: str, things: Things) -> None:
    address = reverse(route, kwargs={"web_chat": things["web_chat"]})
    for name in ("nobody", "alice", "charlie"):
        client = Client(enforce_csrf_checks=True)
        if name != "nobody":
            client.force_login(getattr(people, name)(), "allauth.account.auth_backends.AuthenticationBackend")
        own = urlsplit(settings.PUBLIC_ORIGINS[-1]).netloc
        response = getattr(client, OPEN[route])(address, headers={"Host": own})
        assert response.status_code == 200
        assert not response.cookies
        assert response.headers["Cache-Control"] == "no-store"
        assert b"Nobody" not in response.content
        assert b"@example.com" not in response.content


def test_a_wrong_method_changes_nothing(things: Things) -> None:
    for route, (method, kind, _body) in TABLE.items():
        arguments = {"web_chat": things["web_chat"], **({"id": things[kind]} if kind else {})}
        for other in {"get", "post", "put", "patch", "delete"} - {method}:
            headers = {"Authorization": f"Visitor {things['token']}", "Parley-Site": SHOP}
            response = getattr(Client(), other)(reverse(route, kwargs=arguments), headers=headers)
            assert response.status_code == 405, (route, other)
    assert Conversation.objects.filter(pk=things["conversation"]).exists()
    assert ask("visitor-messages", things, token=things["token"])[0] == 200


def test_what_visitors_began_is_not_open_to_strangers_of_the_api(things: Things) -> None:
    """Who has the id of such a conversation, as the page around the frame has, needs the token as well."""
    id = things["conversation"]
    for path in (f"/api/conversations/{id}", f"/api/messages?conversation={id}"):
        assert Client().get(path).status_code in (401, 404)


def test_what_visitors_of_an_organization_have_waiting_has_a_limit_of_its_own(
    things: Things, settings: Any
) -> None:
    """Each page that is opened anew is another visitor."""
    settings.UPLOADS_WAITING = 1
    web_chat = things["visitor"].web_chat
    tokens = [visitor_tokens.first_token(uuid4(), web_chat=web_chat, site=SHOP) for _ in range(11)]
    clients = [Client(REMOTE_ADDR=f"192.0.2.{number}") for number in range(11)]
    answers = [
        ask("visitor-attach", things, token=token, client=client)[0]
        for token, client in zip(tokens, clients, strict=True)
    ]
    assert answers == [201] * 10 + [429]


def test_the_files_of_one_address_are_limited_whoever_sends_them(things: Things, settings: Any) -> None:
    settings.API_STRANGERS_PER_MINUTE = 2
    client = Client(REMOTE_ADDR="198.51.100.77")
    tokens = [things["token"], things["others"]["another visitor"]] * 2
    answers = [ask("visitor-attach", things, token=token, client=client)[0] for token in tokens]
    assert answers == [201, 201, 429, 429]
