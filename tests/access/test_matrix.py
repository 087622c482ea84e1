"""Every route and every frame x every principal. A route or frame that is not listed here fails the build."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from typing import Any
from uuid import UUID, uuid4

import pytest
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver, reverse

from chat.models import Conversation, Message, Reply
from chat.principals import Principal
from chat.selectors import member_principal
from chat.services.messages import post_message
from chat.ws.frames import CLIENT_FRAMES
from tests import people
from tests.harness.guest import Guest
from tests.harness.server import Server
from tests.harness.tab import Tab

pytestmark = pytest.mark.django_db

#: Anybody may ask; what they get does not depend on who they are.
PUBLIC = {
    "healthz",
    "readyz",
    "probe",
    "javascript-catalog",
    "javascript-catalog-of-page",
    "loader-script",
    "? admin",
    "? admin/password_change/",
}
#: Only from this machine, or with a token: tests/operations/test_metrics.py.
BY_PLACE = {"metrics"}
#: Whoever shows a signature of ours: tests/api/test_uploads.py and test_attachments.py.
BY_SIGNATURE = {"media", "uploads"}
#: Only who is logged in, and each for messages of their own: tests/web/test_attaching.py.
UPLOADS = {"attach"}
#: Only who is logged in, and each sees only what is theirs.
OWN = {
    "chat": ("get", ""),
    "conversations": ("get", ""),
    "conversation": ("get", "conversation"),
    "messages": ("get", "conversation"),
    "conversation-edit": ("patch", "conversation"),
    "conversation-read": ("post", "conversation"),
    "feedback": ("put", "message"),
}
#: Only superusers.
SUPERUSERS = {"doctor"}
#: Guarded by tests of their own: tests/web (accounts, invitations), tests/admin (every model's pages), and
#: test_api.py, test_clients.py and test_visitors.py beside this.
ELSEWHERE = (
    "api-",
    "maax-",
    "openai-",
    "embed-",
    "visitor-",
    "account_",
    "mfa_",
    "socialaccount_",
    "openid_connect_",
    "invitation",
    "admin:",
    "? accounts/",
)

FRAMES_WITH_IDS = {"open": "conversation", "stop": "reply", "retry": "message", "send": "conversation"}
FRAMES_WITHOUT = {"hello", "ack", "ping"}


def routes(patterns: list[Any], before: str = "", space: str = "") -> Iterator[str]:
    for one in patterns:
        path = before + str(one.pattern)
        if isinstance(one, URLResolver):
            inner = f"{space}{one.namespace}:" if one.namespace else space
            yield from routes(one.url_patterns, path, inner)
        elif isinstance(one, URLPattern):
            yield f"{space}{one.name}" if one.name else f"{space}? {path}"


def test_every_route_is_in_the_matrix() -> None:
    missing = [
        route
        for route in routes(get_resolver().url_patterns)
        if route not in PUBLIC | BY_PLACE | BY_SIGNATURE | UPLOADS | SUPERUSERS | OWN.keys()
        and not route.startswith(ELSEWHERE)
    ]
    assert missing == []


def test_every_frame_is_in_the_matrix() -> None:
    assert set(CLIENT_FRAMES) == FRAMES_WITH_IDS.keys() | FRAMES_WITHOUT


@pytest.mark.parametrize("route", SUPERUSERS)
@pytest.mark.parametrize("method", ["get", "post"])
@pytest.mark.parametrize(
    ("name", "status"), [("nobody", 302), ("bob", 302), ("alice", 403), ("charlie", 403)]
)
def test_what_is_for_superusers_is_closed_to_all_others(
    name: str, status: int, method: str, route: str
) -> None:
    response = getattr(client_of(name), method)(reverse(route))
    assert response.status_code == status
    assert status == 403 or response.headers["Location"].startswith("/admin/login/")


def alices_things() -> dict[str, UUID]:
    """A conversation of alice's with a message and its reply."""
    principal = member_principal(people.alice())
    assert isinstance(principal, Principal)
    posted = post_message(principal=principal, id=uuid4(), conversation=uuid4(), content="Mine.")
    assert posted.reply
    return {
        "conversation": posted.message.conversation_id,
        "message": posted.reply.outgoing_id,
        "reply": posted.reply.pk,
    }


def client_of(name: str) -> Client:
    client = Client()
    if name != "nobody":
        client.force_login(getattr(people, name)(), "allauth.account.auth_backends.AuthenticationBackend")
    return client


def answer(client: Client, route: str, things: dict[str, UUID]) -> tuple[int, bytes]:
    method, kind = OWN[route]
    arguments = {}
    if kind:
        name = "conversation" if route == "conversation" else "id"
        arguments = {name: things[kind]}
    body = {"title": "Taken", "type": "like"}
    response = (
        getattr(client, method)(
            reverse(route, kwargs=arguments),
            json.dumps(body) if method != "get" else None,
            "application/json",
        )
        if method != "get"
        else client.get(reverse(route, kwargs=arguments))
    )
    return response.status_code, response.content


@pytest.mark.parametrize("name", ["bob", "charlie"])
@pytest.mark.parametrize(
    "route", [route for route, (_, kind) in OWN.items() if kind and route != "conversation"]
)
def test_what_is_anothers_and_what_is_absent_look_the_same(route: str, name: str) -> None:
    client, things = client_of(name), alices_things()
    foreign = answer(client, route, things)
    absent = answer(client, route, {kind: uuid4() for kind in things})
    assert foreign == absent
    assert foreign[0] == 404
    assert Conversation.objects.get(pk=things["conversation"]).title == "Mine."


@pytest.mark.parametrize("name", ["bob", "charlie"])
def test_the_page_of_anothers_conversation_says_no_more_than_that_of_an_absent_one(name: str) -> None:
    client, things = client_of(name), alices_things()
    responses = [
        client.get(reverse("conversation", kwargs={"conversation": id}))
        for id in (things["conversation"], uuid4())
    ]
    assert [response.status_code for response in responses] == [404, 404]
    first, second = (response.context["boot"] for response in responses)
    assert first == second


@pytest.mark.parametrize("route", OWN)
def test_who_is_not_logged_in_reaches_nothing(route: str) -> None:
    status, body = answer(client_of("nobody"), route, alices_things())
    assert status == (302 if route in ("chat", "conversation") else 401)
    assert b"Mine." not in body


@pytest.mark.parametrize("route", OWN)
def test_the_owner_reaches_her_own(route: str) -> None:
    assert answer(client_of("alice"), route, alices_things())[0] in (200, 204)


@pytest.mark.parametrize("name", ["bob", "charlie"])
def test_lists_and_searches_hold_nothing_of_anothers(name: str) -> None:
    alices_things()
    for path in ("/chat/conversations", "/chat/conversations?q=Mine"):
        assert client_of(name).get(path).json() == {"results": [], "next": None}


def test_an_organization_that_was_left_is_out_of_reach() -> None:
    things, alice = alices_things(), people.alice()
    client = client_of("alice")
    alice.memberships.all().delete()
    assert answer(client, "messages", things)[0] == 403
    assert client.get("/").status_code == 403


@pytest.mark.parametrize("method", ["get", "delete", "put", "patch", "post"])
def test_changes_need_the_csrf_token(method: str) -> None:
    client = Client(enforce_csrf_checks=True)
    client.force_login(people.alice(), "allauth.account.auth_backends.AuthenticationBackend")
    things = alices_things()
    response = getattr(client, method)(f"/chat/conversations/{things['conversation']}")
    assert response.status_code in (403, 405)
    assert Conversation.objects.filter(pk=things["conversation"]).exists()


def test_another_members_deletion_deletes_nothing() -> None:
    things = alices_things()
    response = client_of("bob").delete(f"/chat/conversations/{things['conversation']}")
    assert response.status_code == 404
    assert Message.objects.filter(conversation=things["conversation"]).count() == 2
    assert Reply.objects.filter(pk=things["reply"]).exists()


#: Whose things, and who asks for them.
OTHERS = [
    *(("alice", name) for name in ("bob", "charlie", "a visitor", "a visitor elsewhere")),
    *(("a visitor", name) for name in ("alice", "bob", "charlie", "a visitor", "a visitor elsewhere")),
]


def tab_of(server: Server, name: str) -> Tab:
    if "visitor" not in name:
        return Tab(server, name)
    return Guest(server, web_chat=server.people["charlie" if "elsewhere" in name else "alice"]["webChat"])


@pytest.mark.parametrize(("owner", "name"), OTHERS)
@pytest.mark.parametrize("frame", FRAMES_WITH_IDS)
def test_frames_tell_nothing_of_anothers(server: Server, frame: str, owner: str, name: str) -> None:
    def fields(kind: str, id: str) -> dict[str, str]:
        new = {"id": str(uuid4()), "content": "sim:tokens=1"} if frame == "send" else {}
        return {**new, kind: id}

    async def scene() -> None:
        async with tab_of(server, owner) as hers, tab_of(server, name) as tab:
            message = (await hers.send("sim:tokens=400,rate=40"))["message"]
            ids = {
                "conversation": message["conversation"],
                "message": message["id"],
                "reply": message["reply"]["id"],
            }
            kind = FRAMES_WITH_IDS[frame]
            answers = []
            for id in (ids[kind], str(uuid4())):
                if frame == "send" and id != ids[kind]:
                    continue  # an absent conversation is a new one
                tab.frames.clear()
                await tab.say(frame, **fields(kind, id))
                error = await tab.frame("error")
                answers.append((error["code"], error["message"]))
            assert set(answers) == {("not_found", answers[0][1])}
            await tab.say("open", conversation=str(uuid4()), reply=ids["reply"])
            await tab.say("ping")
            await tab.frame("pong")
            assert not any(one["type"].startswith(("reply.", "message")) for one in tab.frames)
            assert server.text_of(ids["reply"])[0] == "running"
            await hers.say("stop", reply=ids["reply"])
            await hers.ended(ids["reply"])

    asyncio.run(scene())


def test_a_reply_of_anothers_cannot_be_followed_through_ones_own_conversation(server: Server) -> None:
    async def scene() -> None:
        async with Tab(server, "alice") as hers, Tab(server, "bob") as his:
            reply = (await hers.send("secret sim:tokens=50,rate=40"))["message"]["reply"]["id"]
            own = (await his.send("sim:tokens=1"))["message"]["conversation"]
            await his.say("open", conversation=own, reply=reply, after=0)
            assert (await his.frame("error"))["code"] == "not_found"
            await hers.ended(reply)
            assert reply not in his.heard

    asyncio.run(scene())


def test_a_message_id_of_anothers_cannot_be_sent_again(server: Server) -> None:
    async def scene() -> None:
        async with Tab(server, "alice") as hers, Tab(server, "bob") as his:
            id = (await hers.send("secret sim:tokens=1"))["message"]["id"]
            await his.say("send", id=id, conversation=str(uuid4()), content="mine now")
            assert (await his.frame("error", ref=id))["code"] == "not_found"
            assert not any(one["type"] == "message" for one in his.frames)

    asyncio.run(scene())
