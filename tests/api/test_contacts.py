"""Contacts through the API: made, found, changed, deleted, and written to all at once."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from uuid import UUID, uuid4

import pytest
from django.db.models.functions import Now

from chat.models import Contact, Conversation, Inbox, Job, Message
from tests import people
from tests.api.asking import Caller, alices, charlies
from tests.jobs.working import work_off

pytestmark = pytest.mark.django_db


@pytest.fixture
def caller() -> Caller:
    return alices()


def inbox(name: str = "Shop", of: Any = people.alice) -> Inbox:
    return Inbox.objects.create(organization=people.organization_of(of()), name=name)


def make(caller: Caller, **fields: Any) -> dict[str, Any]:
    answer = caller.post("contacts/", {"name": "Ada", "inboxes": [], **fields})
    assert answer.status_code == 201, answer.content
    made: dict[str, Any] = answer.json()
    return made


def names(answer: Any) -> list[str]:
    assert answer.status_code == 200, answer.content
    return [one["name"] for one in answer.json()["results"]]


def test_the_body_of_the_known_scripts_makes_a_contact(caller: Caller) -> None:
    shop = inbox()
    sent = {
        "name": "Ada Lovelace",
        "email": "ada@example.com",
        "phone_number": "+44 20 7946 0018",
        "avatar": "https://example.com/ada.png",
        "source_id": "customer-1815",
        "inboxes": [{"id": str(shop.pk)}],
        "query_metadata": {"some_key": {"innerKey": [1, None]}},
    }
    made = make(caller, **sent)
    moments = {name: made.pop(name) for name in ("createdAt", "updatedAt")}
    assert all(len(moment) == 13 and moment.isdigit() for moment in moments.values())
    id = made.pop("id")
    assert made == {
        "name": "Ada Lovelace",
        "email": "ada@example.com",
        "phoneNumber": "+44 20 7946 0018",
        "avatar": "https://example.com/ada.png",
        "sourceId": "customer-1815",
        "inboxes": [{"id": str(shop.pk), "name": "Shop"}],
        "queryMetadata": sent["query_metadata"],
        "mcpCredentials": [],
    }
    assert caller.get(f"contacts/{id}").json() == {**made, **moments, "id": id}


def test_what_is_not_sent_stays_with_either_method(caller: Caller) -> None:
    shop, shed = inbox("Shop"), inbox("Shed")
    whole = make(caller, email="ADA@Example.com", sourceId="1", inboxes=[{"id": str(shop.pk)}])
    for method in (caller.put, caller.patch):
        after = method(f"contacts/{whole['id']}/", {"name": "Ada King"}).json()
        assert {**after, "name": "Ada", "updatedAt": ""} == {**whole, "updatedAt": ""}
    moved = caller.patch(f"contacts/{whole['id']}", {"inboxes": [str(shed.pk)], "email": None}).json()
    assert moved["inboxes"] == [{"id": str(shed.pk), "name": "Shed"}]
    assert (moved["email"], moved["sourceId"]) == (None, "1")
    old = caller.patch(f"contacts/{whole['id']}", {"inbox": {"id": str(shop.pk)}}).json()
    assert [one["name"] for one in old["inboxes"]] == ["Shop"]
    both = {"inbox": str(shop.pk), "inboxes": [{"id": str(shed.pk)}]}
    assert caller.patch(f"contacts/{whole['id']}", both).json()["inboxes"] == moved["inboxes"]


def test_in_an_inbox_a_source_id_is_one_contacts(caller: Caller) -> None:
    shop, shed = str(inbox().pk), str(inbox("Shed").pk)
    first = make(caller, sourceId="1", inboxes=[shop])
    refused = caller.post("contacts", {"name": "Eve", "sourceId": "1", "inboxes": [shop]})
    assert (refused.status_code, refused.json().keys()) == (400, {"sourceId"})
    assert Contact.objects.count() == 1
    second = make(caller, sourceId="1", inboxes=[shed])
    for change in ({"inboxes": [shop]}, {"inboxes": [shop, shed]}):
        assert caller.patch(f"contacts/{second['id']}", change).status_code == 400
    other = make(caller, sourceId="2", inboxes=[shop])
    assert caller.patch(f"contacts/{other['id']}", {"sourceId": "1"}).json().keys() == {"sourceId"}
    assert caller.delete(f"contacts/{first['id']}/").status_code == 204
    assert caller.patch(f"contacts/{other['id']}", {"sourceId": "1"}).status_code == 200


WRONG: dict[str, tuple[dict[str, Any], str]] = {
    "no name": ({"name": None}, "name"),
    "a blank name": ({"name": " "}, "name"),
    "a long name": ({"name": "x" * 256}, "name"),
    "no inboxes": ({"inboxes": None}, "inboxes"),
    "an inbox that nobody has": ({"inboxes": [{"id": str(uuid4())}]}, "inboxes"),
    "an inbox without an id": ({"inboxes": [{"name": "Shop"}]}, "inboxes"),
    "an inbox that is no id": ({"inboxes": [7]}, "inboxes"),
    "no e-mail address": ({"email": "ada"}, "email"),
    "a script as the picture": ({"avatar": "javascript:alert(1)"}, "avatar"),
    "metadata that is a list": ({"queryMetadata": []}, "queryMetadata"),
}


@pytest.mark.parametrize("case", WRONG)
def test_a_wrong_field_is_named(caller: Caller, case: str) -> None:
    change, field = WRONG[case]
    answer = caller.post("contacts", {"name": "Ada", "inboxes": [], **change})
    assert (answer.status_code, answer.json().keys()) == (400, {field})
    assert not Contact.objects.exists()


def test_another_organizations_inbox_is_as_one_that_nobody_has(caller: Caller) -> None:
    foreign = inbox("Theirs", people.charlie)
    answers = [
        caller.post("contacts", {"name": "Ada", "inboxes": [{"id": str(id)}]}).content
        for id in (foreign.pk, uuid4())
    ]
    assert answers[0] == answers[1]


def test_metadata_is_bounded(caller: Caller) -> None:
    assert (
        caller.post(
            "contacts", {"name": "A", "inboxes": [], "queryMetadata": {"a": "x" * 140_000}}
        ).status_code
        == 413
    )


def test_lists_are_searched_filtered_and_paged(caller: Caller) -> None:
    shop, shed = inbox(), inbox("Shed")
    ada = make(caller, name="Ada L.", sourceId="crm-1", inboxes=[str(shop.pk)], email="ada@example.com")
    make(caller, name="Evelyn", inboxes=[str(shop.pk), str(shed.pk)])
    make(caller, name="Alan")
    make(charlies(), name="Theirs", sourceId="crm-1")
    gone = make(caller, name="Gone")
    caller.delete(f"contacts/{gone['id']}")
    assert caller.get(f"contacts/{gone['id']}").status_code == 404
    assert names(caller.get("contacts/")) == ["Alan", "Evelyn", "Ada L."]
    for words in ("ada l", "CRM", ada["id"], ada["id"][:13], "ada@"):
        assert names(caller.get(f"contacts/?query={words}")) == ["Ada L."], words
    assert names(caller.get("contacts/?search=eve")) == ["Evelyn"]
    assert names(caller.get(f"contacts/?inboxes={shed.pk}")) == ["Evelyn"]
    assert names(caller.get(f"contacts/?inboxes={shed.pk},{shop.pk}")) == ["Evelyn", "Ada L."]
    assert names(caller.get(f"contacts/?inbox={shop.pk}")) == ["Evelyn", "Ada L."]
    assert caller.get("contacts/?inboxes=shop").status_code == 400
    page = caller.get("contacts/?query=l&limit=1&offset=1").json()
    assert (page["count"], [one["name"] for one in page["results"]]) == (3, ["Evelyn"])
    assert names(caller.get("contacts/?page=2&pageSize=2")) == ["Ada L."]


def test_a_page_of_contacts_costs_the_same_number_of_queries(
    caller: Caller, django_assert_num_queries: Any
) -> None:
    places = [str(inbox(f"Inbox {number}").pk) for number in range(3)]
    for number in range(30):
        make(caller, name=f"Contact {number}", inboxes=places)
    caller.get("contacts/")  # the key was used a moment ago
    with django_assert_num_queries(4):  # the key, the count, the contacts, their places
        assert len(names(caller.get("contacts/?pageSize=30"))) == 30


# One message to many


def conversation_with(contact: dict[str, Any], **values: Any) -> Conversation:
    alice = people.alice()
    return Conversation.objects.create(
        organization=people.organization_of(alice),
        chatbot=people.chatbot_of(alice),
        contact_id=UUID(contact["id"]),
        created_by="key:x",
        **values,
    )


def test_a_broadcast_reaches_the_latest_conversation_of_each_and_names_the_others(
    caller: Caller,
) -> None:
    ada, silent = make(caller, name="Ada"), make(caller, name="Silent")
    theirs = make(charlies(), name="Theirs")
    latest, _older = conversation_with(ada), conversation_with(ada)
    latest.last_message_created_at = _older.last_message_created_at.replace(year=2100)
    latest.save()
    ids = [ada["id"], silent["id"], theirs["id"], "contact-id-1", ada["id"]]
    answer = caller.post("contacts/broadcast-message", {"message": "We open at nine.", "contact_ids": ids})
    assert answer.status_code == 200, answer.content
    told = answer.json()
    (sent,) = told.pop("results")
    message = Message.objects.get()
    assert sent == {
        "contact_id": ada["id"],
        "conversation_id": str(latest.pk),
        "message_id": str(message.pk),
        "status": "success",
    }
    assert told == {
        "errors": [
            {"contact_id": silent["id"], "error": "No conversation found for this contact."},
            {"contact_id": theirs["id"], "error": "Contact not found."},
            {"contact_id": "contact-id-1", "error": "Contact not found."},
        ],
        "total_contacts": 4,
        "success_count": 1,
        "error_count": 3,
    }
    assert (message.type, message.content) == ("outgoing", "We open at nine.")


@pytest.mark.django_db(transaction=True)
def test_a_broadcast_to_many_is_sent_in_the_background_once_to_each(caller: Caller) -> None:
    contacts = [make(caller, name=f"Contact {number}") for number in range(130)]
    conversations = [conversation_with(one) for one in contacts]
    asked = {"message": "We open at nine.", "contactIds": [*(one["id"] for one in contacts), "nobody"]}
    told = caller.post("contacts/broadcast-message", asked).json()
    assert (told["success_count"], told["error_count"]) == (130, 1)
    gone = str(conversations[7].pk)
    conversations[7].delete()
    for _time in range(2):
        work_off()
        stored = Message.objects.values_list("pk", "conversation", "conversation__contact", "content")
        assert len(stored) == 129
        assert {tuple(map(str, row)) for row in stored} == {
            (one["message_id"], one["conversation_id"], one["contact_id"], "We open at nine.")
            for one in told["results"]
            if one["conversation_id"] != gone
        }
        jobs = Job.objects.filter(kind="broadcast")
        assert (jobs.count(), jobs.filter(given_up=True).count()) == (2, 0)
        jobs.update(done_at=None, run_at=Now())  # as after a worker that died before it had stored the end


@pytest.mark.parametrize("written", [str, str.upper, lambda id: id.replace("-", "")])
def test_a_broadcast_leaves_out_whom_it_shall_however_their_id_is_written(
    caller: Caller, written: Callable[[str], str]
) -> None:
    shop = inbox()
    ada, eve = (make(caller, name=name, inboxes=[str(shop.pk)]) for name in ("Ada", "Eve"))
    make(caller, name="Elsewhere")
    conversations = [conversation_with(one) for one in (ada, eve)]
    asked = {"message": "Hello.", "inboxId": str(shop.pk), "excludeContactIds": [written(eve["id"])]}
    both = {"contactIds": [ada["id"], written(eve["id"]), "x"], "excludeContactIds": [eve["id"], "x"]}
    for whom in (asked, {"message": "Hello.", **both}):
        told = caller.post("contacts/broadcast-message/", whom).json()
        assert [one["conversation_id"] for one in told["results"]] == [str(conversations[0].pk)]
        assert told["total_contacts"] == 1


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({"message": "Hello."}, 400),
        ({"contactIds": ["x"]}, 400),
        ({"message": " ", "contactIds": ["x"]}, 400),
        ({"message": "Hello.", "inboxId": str(uuid4())}, 400),
        ({"message": "Hello.", "contactIds": [str(number) for number in range(1001)]}, 400),
        ({"message": "x" * 40_000, "contactIds": ["x"]}, 413),
    ],
)
def test_a_broadcast_that_cannot_be_meant_is_refused(
    caller: Caller, body: dict[str, Any], status: int
) -> None:
    assert caller.post("contacts/broadcast-message", body).status_code == status
