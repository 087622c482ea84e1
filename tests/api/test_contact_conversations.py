"""A contact's conversations through the API: found, filtered, and the latest."""

from __future__ import annotations

from typing import Any

import pytest

from tests.api.asking import Caller, alices
from tests.api.contracts import CONVERSATION, differences
from tests.api.world import say, web_chat

pytestmark = pytest.mark.django_db


@pytest.fixture
def caller() -> Caller:
    return alices()


@pytest.fixture
def ada(caller: Caller) -> str:
    return str(caller.post("contacts", {"name": "Ada", "inboxes": [], "sourceId": "1"}).json()["id"])


def begin(caller: Caller, contact: str | None, place: Any = None) -> str:
    body = {"webChat": str((place or web_chat()).pk), "contact": contact}
    return str(caller.post("conversations", body).json()["id"])


def ids(caller: Caller, path: str) -> list[str]:
    answer = caller.get(path)
    assert answer.status_code == 200, answer.content
    return [one["id"] for one in answer.json()["results"]]


def test_they_are_listed_the_latest_first_and_nobody_elses(caller: Caller, ada: str) -> None:
    first, second = begin(caller, ada), begin(caller, ada)
    begin(caller, None)
    say(caller, first, "Where is my parcel?")
    answer = caller.get(f"contacts/{ada}/conversations").json()
    assert [one["id"] for one in answer["results"]] == [first, second]
    assert (answer["count"], answer["next"], answer["previous"]) == (2, None, None)
    assert differences(answer["results"][0], CONVERSATION) == []
    latest = caller.get(f"contacts/{ada}/conversations/latest").json()
    assert latest == answer["results"][0]


def test_they_are_found_by_words_and_by_inbox(caller: Caller, ada: str) -> None:
    shop, shed = web_chat(), web_chat()
    first, second = begin(caller, ada, shop), begin(caller, ada, shed)
    say(caller, first, "Where is my parcel?")
    path = f"contacts/{ada}/conversations/"
    assert ids(caller, f"{path}?keyword=parcel") == [first]
    assert ids(caller, f"{path}?inboxes={shed.inbox_id}") == [second]
    assert ids(caller, f"{path}?inboxes={shed.inbox_id},{shop.inbox_id}") == [first, second]
    assert ids(caller, f"{path}?pageSize=1&page=2") == [second]


def test_who_has_none_has_no_latest(caller: Caller, ada: str) -> None:
    assert ids(caller, f"contacts/{ada}/conversations") == []
    assert caller.get(f"contacts/{ada}/conversations/latest").status_code == 404


def test_whoever_writes_in_an_inbox_is_there_though_somebody_else_has_their_source_id(
    caller: Caller, ada: str
) -> None:
    place = web_chat()
    taken = {"name": "Eve", "sourceId": "1", "inboxes": [str(place.inbox_id)]}
    assert caller.post("contacts", taken).status_code == 201
    begin(caller, ada, place)
    assert [one["name"] for one in caller.get(f"contacts/{ada}").json()["inboxes"]] == ["Shop"]
