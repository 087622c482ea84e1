"""Conversations: begun, read, listed, searched and switched."""

from __future__ import annotations

from contextlib import ExitStack
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from chat.models import Contact, Conversation, Inbox, Message
from chat.principals import Principal
from chat.selectors import member_principal, searching
from chat.selectors.inboxes import is_open
from chat.services.messages import post_message
from chat.services.replies import retry
from tests import people
from tests.api.asking import Caller, alices, charlies
from tests.api.contracts import CONVERSATION, differences
from tests.api.world import begin, finish, say, web_chat

pytestmark = pytest.mark.django_db


def rows(caller: Caller, query: str = "") -> list[dict[str, Any]]:
    answer = caller.get(f"conversations/{query}")
    assert answer.status_code == 200, answer.content
    assert answer.json().keys() == {"next", "previous", "results"}
    found: list[dict[str, Any]] = answer.json()["results"]
    return found


@pytest.mark.parametrize("name", ["webChat", "web_chat"])
def test_a_conversation_is_begun_in_a_web_chat(name: str) -> None:
    place = web_chat()
    answer = alices().post("conversations/", {name: str(place.pk), "unknown": True})
    made = answer.json()
    assert answer.status_code == 201
    assert differences(made, CONVERSATION) == []
    assert made["inbox"]["id"] == str(place.inbox_id)
    assert made["contact"]["name"] == "anonymous"
    assert (made["lastMessage"], made["lastReadAt"], made["unreadMessagesCount"]) == (None, None, 0)
    assert made["autoReplyEnabled"] is made["isAutoReplyNow"] is True
    assert Conversation.objects.get(pk=made["id"]).chatbot == place.chatbot


def test_it_is_read_again_and_listed_with_its_last_message() -> None:
    caller = alices()
    made = begin(caller)
    say(caller, made["id"], "Where is my parcel?")
    one = caller.get(f"conversations/{made['id']}/").json()
    assert differences(one, CONVERSATION) == []
    assert (one["title"], one["lastMessage"]["type"]) == ("Where is my parcel?", "incoming")
    assert one["lastMessage"]["content"] == "Where is my parcel?"
    assert rows(caller) == [one]


def test_a_contact_that_is_known_has_several_conversations() -> None:
    caller, place = alices(), web_chat()
    contact = Contact.objects.create(
        organization=place.organization, name="Dora", avatar="https://a.test/d.png"
    )
    for _ in range(2):
        made = caller.post("conversations/", {"webChat": str(place.pk), "contact": str(contact.pk)}).json()
        assert (made["contact"]["id"], made["contact"]["name"]) == (str(contact.pk), "Dora")
    assert list(contact.inboxes.all()) == [place.inbox]
    strangers = Contact.objects.create(organization=people.organization_of(people.charlie()), name="Eve")
    for id in (strangers.pk, uuid4()):
        answer = caller.post("conversations/", {"webChat": str(place.pk), "contact": str(id)})
        assert (answer.status_code, set(answer.json())) == (400, {"contact"})


@pytest.mark.parametrize("body", [{}, {"webChat": ""}, {"webChat": None}, {"webChat": {}}, []])
def test_a_web_chat_is_needed(body: Any) -> None:
    answer = alices().post("conversations/", body)
    assert answer.status_code == 400
    assert isinstance(answer.json(), dict)


def test_foreign_absent_and_closed_web_chats_look_the_same() -> None:
    closed, foreign = web_chat(is_active=False), web_chat(people.charlie())
    silent = web_chat()
    silent.chatbot.is_active = False
    silent.chatbot.save()
    answers = {
        (answer.status_code, answer.content)
        for id in (closed.pk, foreign.pk, silent.pk, uuid4())
        for answer in [alices().post("conversations/", {"webChat": str(id)})]
    }
    assert len(answers) == 1
    assert answers.pop()[0] == 400


def test_only_conversations_of_the_inbox_are_listed_and_without_it_all() -> None:
    caller, first, second = alices(), web_chat(), web_chat()
    ids = [begin(caller, place)["id"] for place in (first, second)]
    assert [row["id"] for row in rows(caller, f"?inbox={first.inbox_id}")] == ids[:1]
    assert {row["id"] for row in rows(caller)} == set(ids)
    assert rows(caller, f"?inbox={uuid4()}") == []
    assert rows(charlies(), f"?inbox={first.inbox_id}") == []
    assert caller.get("conversations/?inbox=example").status_code == 400


@pytest.mark.parametrize(
    ("keyword", "found"),
    [
        ("parcel", True),
        ("PARCEL", True),
        ("dora", True),
        ("%", False),
        ("parcel hello", True),
        ("dora  WHERE parcel", True),
        ("parcel nothing", False),
        ("退貨", True),
        ("發票 退貨", True),
        ("票可", False),
        ("ärger", True),
        ("ÄRGER", True),
        ("superseded", False),
    ],
)
def test_a_keyword_finds_title_contact_and_messages(keyword: str, found: bool) -> None:
    caller = alices()
    made, other = begin(caller), begin(caller)
    Contact.objects.filter(pk=made["contact"]["id"]).update(name="Dora")
    say(caller, made["id"], "Hello")
    say(caller, made["id"], "Where is my Parcel?")
    say(caller, made["id"], "請問可以退貨嗎？發票在這裡。Ärger!")
    Message.objects.create(
        conversation_id=made["id"], position=99, type="outgoing", content="Superseded.", superseded=True
    )
    say(caller, other["id"], "Nothing")
    assert [row["id"] for row in rows(caller, f"?keyword={keyword}")] == ([made["id"]] if found else [])


def test_a_search_that_takes_too_long_is_given_up_with_a_sentence(settings: Any) -> None:
    caller = alices()
    made = begin(caller)
    Message.objects.bulk_create(
        Message(conversation_id=made["id"], position=number, type="incoming", content="abcdefgh" * 2000)
        for number in range(1000, 2000)
    )
    settings.SEARCH_SECONDS = 0.001
    given_up = caller.get("conversations/?keyword=nowhere")
    assert given_up.status_code == 503
    assert given_up.json() == {
        "detail": "This search takes too long. Search in less, such as one inbox, or for other words."
    }
    assert [row["id"] for row in rows(caller)] == [made["id"]]
    settings.SEARCH_SECONDS = 60
    assert rows(caller, "?keyword=nowhere") == []


def test_searches_wait_for_their_turn_and_not_for_long(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(searching.turns, "seconds", 0.01)
    caller = alices()
    with ExitStack() as others:
        for _ in range(searching.turns.at_once):
            others.enter_context(searching.searching("else"))
        refused = caller.get("conversations/?keyword=parcel")
        assert (refused.status_code, refused.json()["detail"].split(".")[0]) == (
            503,
            "Other searches are running",
        )
        assert caller.get("conversations/").status_code == 200
    assert caller.get("conversations/?keyword=parcel").status_code == 200


def test_pages_hold_each_conversation_once_and_lead_back() -> None:
    caller, place = alices(), web_chat()
    made = [begin(caller, place)["id"] for _ in range(7)]
    seen: list[str] = []
    address = "conversations?pageSize=3"
    while address:
        page = caller.get(address).json()
        seen += [row["id"] for row in page["results"]]
        address, last = (page["next"] or "").removeprefix("http://testserver/api/"), page
    assert seen == made[::-1]
    back = caller.get(last["previous"].removeprefix("http://testserver/api/")).json()
    assert [row["id"] for row in back["results"]] == seen[3:6]
    assert caller.get("conversations/?cursor=cD00ODY%3D").status_code == 404


def test_a_list_costs_as_many_queries_for_fifty_as_for_two() -> None:
    caller, place = alices(), web_chat()

    def queries(count: int) -> int:
        for _ in range(count):
            answer = finish(say(caller, begin(caller, place)["id"])["id"])
            caller.put(f"messages/{answer.pk}/feedback/", {"type": "like"})
        with CaptureQueriesContext(
            connection,
        ) as asked:
            found = rows(caller, "?pageSize=50")
        assert {row["lastMessage"]["feedback"]["type"] for row in found} == {"like"}
        return len(asked)

    assert queries(2) == queries(48)


@pytest.mark.parametrize(
    ("route", "name"),
    [("update-auto-reply", "autoReplyEnabled"), ("update-enable-group-mention", "enableGroupMention")],
)
def test_a_switch_is_set_or_turned(route: str, name: str) -> None:
    caller = alices()
    made = begin(caller)
    path = f"conversations/{made['id']}/{route}/"
    before = made[name]
    turned = caller.patch(path)
    assert differences(turned.json(), CONVERSATION) == []
    assert turned.json()[name] is not before
    snake = "".join(f"_{one.lower()}" if one.isupper() else one for one in name)
    for body, wanted in (({}, before), ({name: True}, True), ({name: True}, True), ({snake: False}, False)):
        assert caller.patch(path, body).json()[name] is wanted
    assert caller.patch(path, {name: "perhaps"}).json().keys() == {name}


def test_with_automatic_replies_off_nothing_is_answered() -> None:
    caller = alices()
    made = begin(caller)
    off = caller.patch(f"conversations/{made['id']}/update-auto-reply/", {"autoReplyEnabled": False}).json()
    assert off["isAutoReplyNow"] is False
    say(caller, made["id"])
    assert not Conversation.objects.get(pk=made["id"]).replies.exists()


def test_outside_the_hours_of_the_inbox_nothing_is_answered() -> None:
    caller, place = alices(), web_chat()
    Inbox.objects.update(auto_reply_schedules=[{"weekday": day, "isEnabled": False} for day in range(7)])
    made = begin(caller, place)
    assert (made["autoReplyEnabled"], made["isAutoReplyNow"]) == (True, False)
    say(caller, made["id"])
    assert not Conversation.objects.get(pk=made["id"]).replies.exists()


@pytest.mark.parametrize(
    ("schedules", "wanted"),
    [
        ([], True),
        ([{"weekday": 2, "isEnabled": True, "timeSlots": [["09:00", "12:00"], ["13:00", "18:00"]]}], True),
        ([{"weekday": 2, "isEnabled": True, "timeSlots": [["09:00", "12:00"]]}], False),
        ([{"weekday": 2, "isEnabled": False, "timeSlots": [["09:00", "18:00"]]}], False),
        ([{"weekday": 2, "isEnabled": True, "timeSlots": None}], True),
        ([{"weekday": 3, "isEnabled": True}], False),
        ([{"day": "Wednesday"}], True),
    ],
)
def test_hours_are_those_of_the_day_of_the_week(schedules: list[dict[str, Any]], wanted: bool) -> None:
    wednesday = datetime(2026, 11, 25, 13, 30, tzinfo=UTC)
    assert is_open(schedules, wednesday) is wanted


def test_unread_answers_are_counted_for_the_conversation_and_its_inbox() -> None:
    caller, place = alices(), web_chat()
    first, second = (begin(caller, place)["id"] for _ in range(2))
    for id in (first, first, second):
        caller.post("messages/outgoing/", {"conversation": id, "content": "Are you there?"})
    counts = {row["id"]: row["unreadMessagesCount"] for row in rows(caller)}
    assert counts == {first: 2, second: 1}
    assert {row["inbox"]["unreadConversationsCount"] for row in rows(caller)} == {2}
    say(caller, first)
    assert caller.get(f"conversations/{first}/").json()["unreadMessagesCount"] == 0


def test_the_last_message_is_never_one_that_was_superseded() -> None:
    caller = alices()
    made = begin(caller)
    sent = say(caller, made["id"], "Once more")
    finish(sent["id"])
    assert caller.get(f"conversations/{made['id']}/").json()["lastMessage"]["type"] == "outgoing"
    organization = people.organization_of(people.alice()).pk
    retry(principal=Principal("system", organization, organization), message=sent["id"])
    assert caller.get(f"conversations/{made['id']}/").json()["lastMessage"]["id"] == sent["id"]


def test_what_members_talk_about_is_not_the_programs() -> None:
    alice = member_principal(people.alice())
    assert alice
    private = post_message(principal=alice, id=uuid4(), conversation=uuid4(), content="Private.").message
    caller = alices()
    assert rows(caller) == rows(caller, "?keyword=Private") == []
    assert caller.get(f"conversations/{private.conversation_id}/").status_code == 404
    assert caller.get(f"messages/{private.pk}/").status_code == 404
    assert caller.get(f"messages/?conversation={private.conversation_id}").status_code == 404
    assert caller.get("messages/").json()["results"] == []
