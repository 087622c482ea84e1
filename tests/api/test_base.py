"""What holds for every route of the API: keys, letter case, errors, pages, addresses."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client

from chat.models import ApiKey, Inbox, WebChat
from tests import people
from tests.api.asking import Caller, alices, charlies

pytestmark = pytest.mark.django_db


def inbox(name: str = "Shop") -> Inbox:
    organization = people.organization_of(people.alice())
    made = Inbox.objects.create(organization=organization, name=name)
    chatbot = people.chatbot_of(people.alice())
    WebChat.objects.create(organization=organization, inbox=made, chatbot=chatbot, name=f"{name} chat")
    return made


@pytest.mark.parametrize("address", ["inboxes", "inboxes/", "v1/inboxes", "v1/inboxes/"])
def test_a_route_answers_under_both_prefixes_with_and_without_the_slash(address: str) -> None:
    made = inbox()
    answer = alices().get(address)
    assert answer.status_code == 200
    assert answer.json()["results"][0]["id"] == str(made.pk)
    assert answer.headers["Content-Type"] == "application/json"


def test_every_inbox_has_a_channel_also_one_without_a_web_chat() -> None:
    made = inbox()
    line = Inbox.objects.create(organization=made.organization, name="Line", channel_type="line")
    first, second = alices().get("inboxes/").json()["results"]
    assert first["channel"]["id"] == str(made.web_chat.pk)
    assert first["channel"]["name"] == "Shop chat"
    assert second["channel"]["id"] == str(line.pk)
    assert [one["channelType"] for one in (first, second)] == ["web", "line"]


def test_pages_link_to_each_other_with_their_filters() -> None:
    for number in range(5):
        inbox(f"Inbox {number}")
    caller = alices()
    seen, address = [], "/api/inboxes?pageSize=2&channelType=web&ordering=-name"
    while address:
        page = caller.get(address.removeprefix("http://testserver").removeprefix("/api/")).json()
        assert page["count"] == 5
        seen += [one["name"] for one in page["results"]]
        address = page["next"]
    assert seen == [f"Inbox {number}" for number in (4, 3, 2, 1, 0)]
    assert (
        page["previous"] == "http://testserver/api/inboxes?pageSize=2&channelType=web&ordering=-name&page=2"
    )
    assert caller.get("inboxes/?page_size=3&page=2").json()["next"] is None


@pytest.mark.parametrize(
    ("query", "status"),
    [
        ("page=3&pageSize=1", 404),
        ("page=0", 404),
        ("page=x", 404),
        ("page=99999999999999999999999", 404),
        ("pageSize=101", 400),
        ("pageSize=0", 400),
        ("page_size=-1", 400),
        ("pageSize=1e2", 400),
        ("chatbot=me", 400),
        ("chatbot=%00", 400),
        ("a%00b=1", 400),
        ("offset=1", 404),
        ("limit=-1", 400),
        ("channelType=%F0%9F%92%A9%ED%A0%80", 200),
        ("ordering=organization__name", 200),
    ],
)
def test_what_is_wrong_in_an_address_is_said(query: str, status: int) -> None:
    inbox()
    answer = alices().get(f"inboxes/?{query}")
    assert answer.status_code == status, answer.content
    assert status == 200 or answer.json()


@pytest.mark.parametrize(
    ("header", "detail"),
    [
        ("", "Authentication credentials were not provided."),
        ("Api-Key pk_00000000_none", "Authentication credentials were not provided."),
        ("Bearer {key}", "Invalid API key format."),
        ("Basic YTpi", "Invalid API key format."),
        ("Api-Key", "Authentication credentials were not provided."),
        ("Api-Key \xff\xfe", "Authentication credentials were not provided."),
    ],
)
def test_without_a_key_that_works_there_is_401_with_a_challenge(header: str, detail: str) -> None:
    caller = alices()
    answer = Caller().get("inboxes/", **({"Authorization": header.format(key=caller.key)} if header else {}))
    assert (answer.status_code, answer.json()) == (401, {"detail": detail})
    assert answer.headers["WWW-Authenticate"] == "Api-Key"


def test_a_key_works_with_its_scheme_in_any_case_and_without_one() -> None:
    key = alices().key
    for header in (f"Api-Key {key}", f"api-key  {key}", str(key)):
        assert Caller().get("inboxes/", Authorization=header).status_code == 200


def test_a_session_is_no_key() -> None:
    client = Client()
    client.force_login(people.alice(), "allauth.account.auth_backends.AuthenticationBackend")
    answer = client.get("/api/inboxes/")
    assert answer.status_code == 401
    assert not answer.cookies


def test_a_key_that_acts_for_a_person_ends_with_their_membership() -> None:
    caller = alices()
    ApiKey.objects.update(user=people.bob())
    assert caller.get("inboxes/").status_code == 200
    people.bob().memberships.all().delete()
    assert caller.get("inboxes/").status_code == 401


def test_addresses_that_lead_nowhere_and_other_methods_answer_in_json() -> None:
    inbox()
    nowhere = alices().get("nothing/here")
    assert (nowhere.status_code, set(nowhere.json())) == (404, {"detail"})
    assert Caller().ask("HEAD", "inboxes/").status_code == 401
    assert alices().ask("HEAD", "inboxes/").status_code == 200
    assert {Caller().ask(method, "inboxes/").status_code for method in ("QUERY", "CALLER", "TRACE")} == {405}
    wrong = Caller().delete("inboxes/")
    assert (wrong.status_code, wrong.json()) == (405, {"detail": 'Method "DELETE" not allowed.'})
    assert charlies().get("inboxes/").json()["results"] == []


def test_a_key_and_an_address_have_their_own_limits(settings: Any) -> None:
    settings.API_REQUESTS_PER_MINUTE, settings.API_STRANGERS_PER_MINUTE = 3, 2
    caller = alices()
    assert [caller.get("inboxes/").status_code for _ in range(4)] == [200, 200, 200, 429]
    refused = caller.get("inboxes/")
    assert 1 <= int(refused.headers["Retry-After"]) <= 21
    assert "Try again in" in refused.json()["detail"]
    assert alices().get("inboxes/").status_code == 200
    strangers = [Caller("pk_guess"), Caller(), Caller("pk_another")]
    assert [one.get("inboxes/").status_code for one in strangers] == [401, 401, 429]


def test_only_what_needs_no_key_can_be_called_from_pages_of_other_sites() -> None:
    absent = "web-chats/00000000-0000-0000-0000-000000000000/"
    asked = {"Origin": "https://shop.example", "Access-Control-Request-Method": "GET"}
    allowed = Caller().ask("OPTIONS", absent, **asked)
    assert allowed.status_code == 204
    assert allowed.headers["Access-Control-Allow-Origin"] == "*"
    assert "GET" in allowed.headers["Access-Control-Allow-Methods"]
    assert "Authorization" in allowed.headers["Access-Control-Allow-Headers"]
    # The page may read an error as well.
    assert Caller().get(absent, **asked).headers["Access-Control-Allow-Origin"] == "*"
    for path in ("inboxes/", "chatbots/", "web-chats/"):
        for answer in (Caller().ask("OPTIONS", path, **asked), alices().get(path, **asked)):
            assert not [name for name in answer.headers if name.lower().startswith("access-control")]


def test_no_cache_keeps_an_answer() -> None:
    answer = alices().get("inboxes/")
    assert answer.headers["Cache-Control"] == "no-store"
    assert "Authorization" in answer.headers["Vary"]


@pytest.mark.urls("tests.api.broken")
def test_a_fault_is_told_as_json_and_a_busy_database_with_when_to_try_again() -> None:
    caller = alices()
    for ours in ("fault", "missing"):
        fault = caller.get(ours)
        assert fault.status_code == 500
        assert fault.json() == {"detail": "Something went wrong on the server. Try again."}
    for passing in ("busy", "away/"):
        busy = caller.get(passing)
        assert (busy.status_code, set(busy.json())) == (503, {"detail"})
        assert int(busy.headers["Retry-After"]) >= 1
