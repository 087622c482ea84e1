"""Who a prospect is, which conversation is meant, what an answer is, and whose things may be named."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from chat.models import Contact, Conversation, Message, MessageType, Reply, ReplyState
from chat.models.handles import NETWORKS
from chat.services.contacts import create_contact, delete_contact
from chat.services.integer_ids import integer_id
from tests import people
from tests.maax.calling import ADA, SALES, SUPPORT
from tests.maax.program import CREATE, HISTORY, INITIATE, QUESTION, RETRIEVE, Program

pytestmark = pytest.mark.django_db

# Who is a prospect

SAME: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
    "e-mail, however written": ({"email": "ada@example.com"}, {"email": " ADA@Example.com"}),
    "telephone, however written": ({"phone": "+1 (555) 010-99"}, {"phone": 155501099}),
    "handle, however written": ({"instagram": "@Ada.L"}, {"instagram": "ada.l"}),
    "another network": ({"facebook": "ada", "instagram": "ada.l"}, {"facebook": "ada"}),
    "any one value": (
        {"email": "ada@example.com", "phone": "1555"},
        {"email": "new@example.com", "phone": "1555"},
    ),
}


@pytest.mark.parametrize("case", SAME)
def test_one_prospect_is_known_again(ours: Program, case: str) -> None:
    before, after = SAME[case]
    first, second = ours.ask(prospect_info=before), ours.ask(prospect_info=after)
    assert first.sender_contact_id == second.sender_contact_id
    assert first.conversation_id == second.conversation_id


@pytest.mark.parametrize(
    "other",
    [
        {"email": "eve@example.com"},
        {"phone": "999"},
        {"facebook": "ada"},
        {"first_name": "Ada", "phone": "3"},
    ],
)
def test_others_are_others(ours: Program, other: dict[str, str]) -> None:
    known = {"email": "ada@example.com", "phone": "1555", "first_name": "Ada", "instagram": "ada"}
    assert ours.ask(prospect_info=known).sender_contact_id != ours.ask(prospect_info=other).sender_contact_id


@pytest.mark.skipif(connection.vendor != "sqlite", reason="PostgreSQL reads a small table whole")
@pytest.mark.parametrize("network", NETWORKS)
def test_a_handle_is_looked_up_in_an_index(ours: Program, network: str) -> None:
    with CaptureQueriesContext(connection) as asked:
        ours.ask(prospect_info={network: "ada"})
    looks = [one["sql"] for one in asked if f"$.{network}" in one["sql"] and one["sql"].startswith("SELECT")]
    assert looks
    for sql in looks:
        with connection.cursor() as cursor:
            cursor.execute(f"EXPLAIN QUERY PLAN {sql}")
            assert f"USING INDEX contact_{network} " in str(cursor.fetchall())


def test_what_is_new_of_a_prospect_is_kept_and_blanks_take_nothing_away(ours: Program) -> None:
    contact = ours.ask(prospect_info=ADA | {"instagram": "ada"}).sender_contact
    assert contact
    news = {
        "email": ADA["email"],
        "phone": "+1 555",
        "first_name": "",
        "last_name": "King",
        "facebook": "a.king",
    }
    ours.ask(prospect_info=news)
    contact.refresh_from_db()
    assert (contact.name, contact.first_name, contact.last_name) == ("Ada King", "Ada", "King")
    assert (contact.phone_number, contact.phone_digits) == ("+1 555", "1555")
    assert contact.handles == {"instagram": "ada", "facebook": "a.king"}
    number = integer_id("contact", contact.pk)
    ours.ask(prospect_id=str(number), prospect_info={"email": "ada@new.example"})
    contact.refresh_from_db()
    assert contact.email == "ada@new.example"
    assert Contact.objects.count() == 1


def test_a_contact_of_the_other_face_is_a_prospect_until_it_is_deleted(ours: Program) -> None:
    made = create_contact(principal=ours.principal, name="Ada", email="ADA@example.com")
    assert ours.ask().sender_contact_id == made.pk
    delete_contact(principal=ours.principal, contact=made.pk)
    assert ours.ask().sender_contact_id != made.pk
    status, _ = ours.post(INITIATE, QUESTION | {"prospect_id": integer_id("contact", made.pk)})
    assert status == 403


def test_the_prospects_of_the_documentation(ours: Program) -> None:
    student = {"email": "email@test.com", "phone": "1234567778", "first_name": "student", "last_name": "test"}
    assert ours.post(CREATE, {"prospect_info": student})[0] == 200
    contact = Contact.objects.get()
    assert (contact.name, contact.email, contact.phone_digits) == (
        "student test",
        "email@test.com",
        "1234567778",
    )
    assert [place.inbox for place in contact.places.all()] == [Conversation.objects.get().inbox]


# Which conversation


def test_each_service_and_each_ai_has_its_latest_conversation(ours: Program) -> None:
    one, two = ours.ai("One"), ours.ai("Two")
    support = ours.ask()
    first = ours.ask(service_type=SALES, ai_id=one)
    second = ours.ask(service_type=SALES, ai_id=two)
    assert len({support.conversation_id, first.conversation_id, second.conversation_id}) == 3
    assert ours.ask(service_type=SALES, ai_id=one).conversation_id == first.conversation_id
    assert ours.ask(service_type=SUPPORT).conversation_id == support.conversation_id
    assert first.conversation.chatbot.name == "One"
    assert {one.service_type for one in Conversation.objects.all()} == {SUPPORT, SALES}


def test_the_first_message_decides_the_service_of_a_conversation(ours: Program) -> None:
    created = ours.post(CREATE, {"prospect_info": ADA})[1]
    again = ours.post(CREATE, {"prospect_info": ADA})[1]
    assert created != again
    message = ours.ask(**created, service_type=SALES, ai_id=ours.ai(), prospect_info=None)
    assert (message.conversation.service_type, message.conversation.chatbot.name) == (SALES, "Seller")
    assert ours.post(INITIATE, QUESTION | created)[0] == 403
    other = {"service_type": SALES, "ai_id": ours.ai("Other")}
    assert ours.post(INITIATE, QUESTION | created | other)[0] == 400


def test_a_conversation_of_one_prospect_is_not_anothers(ours: Program) -> None:
    created = ours.post(CREATE, {"prospect_info": ADA})[1]
    eve = ours.ask(prospect_info={"email": "eve@example.com"}).sender_contact_id
    assert eve
    for who in ({"prospect_id": integer_id("contact", eve)}, {"prospect_info": {"email": "eve@example.com"}}):
        assert ours.post(INITIATE, QUESTION | created | who)[0] == 403
    # Whom nobody knows yet is the same prospect under a new address.
    message = ours.ask(**created, prospect_info={"email": "ada@new.example"})
    assert message.sender_contact
    assert (message.sender_contact.name, message.sender_contact.email) == ("Ada Lovelace", "ada@new.example")


def test_a_conversation_that_a_visitor_may_read_is_not_continued(ours: Program) -> None:
    contact = create_contact(principal=ours.principal, email=ADA["email"])
    visited = Conversation.objects.create(
        organization=ours.organization,
        chatbot=people.chatbot_of(people.alice()),
        contact=contact,
        created_by=f"visitor:{contact.pk}",
    )
    assert ours.ask().conversation_id != visited.pk


def test_a_prospect_who_comes_back_is_not_led_to_an_ai_that_was_taken_away(ours: Program) -> None:
    first = ours.ask()
    named = {"conversation_id": integer_id("conversation", first.conversation_id)}
    ours.ai("Second")
    ours.organization.chatbots.filter(pk=first.conversation.chatbot_id).update(is_active=False)
    status, body = ours.post(INITIATE, QUESTION | named)
    assert (status, body.keys()) == (403, {"error"})
    assert Message.objects.filter(type=MessageType.INCOMING).count() == 1
    again = ours.ask()
    assert again.conversation_id != first.conversation_id
    assert (again.conversation.chatbot.name, again.sender_contact_id) == ("Second", first.sender_contact_id)


# Answers


def test_what_a_person_answers_is_the_answer(ours: Program) -> None:
    first = ours.ask()
    Conversation.objects.filter(pk=first.conversation_id).update(auto_reply_enabled=False)
    message = ours.ask()
    asked = {"incoming_message_id": integer_id("message", message.pk), "service_type": SUPPORT}
    assert ours.get(RETRIEVE, **asked) == (200, {"answer": "", "status": "pending"})
    Message.objects.create(
        conversation=message.conversation,
        position=message.position + 1,
        type=MessageType.OUTGOING,
        created_by="member:x",
        content="I am *Bob*.",
    )
    assert ours.get(RETRIEVE, **asked) == (200, {"answer": "I am *Bob*.", "status": "ready"})


@pytest.mark.parametrize("state", [ReplyState.FAILED, ReplyState.INTERRUPTED, ReplyState.STOPPED])
def test_part_of_an_answer_is_none(ours: Program, state: ReplyState) -> None:
    message = ours.ask()
    Reply.objects.update(state=state, text="Half an")
    Message.objects.filter(type=MessageType.OUTGOING).update(content="Half an")
    asked = {"incoming_message_id": integer_id("message", message.pk), "service_type": SUPPORT}
    assert ours.get(RETRIEVE, **asked) == (200, {"answer": "", "status": "failed"})
    number = integer_id("conversation", message.conversation_id)
    _, history = ours.get(HISTORY, conversation_id=number)
    assert [one["content"] for one in history["messages_in_conversation"]] == ["When?"]


def test_a_history_comes_in_bounded_pieces(ours: Program) -> None:
    conversation = ours.ask().conversation
    Message.objects.bulk_create(
        Message(
            conversation=conversation, position=number, type="incoming", content=str(number), created_by="x"
        )
        for number in range(3, 404)
    )
    Reply.objects.update(state=ReplyState.COMPLETE)
    Message.objects.filter(position=2).update(content="2")
    number, seen = integer_id("conversation", conversation.pk), []
    before: dict[str, int] = {}
    while piece := ours.get(HISTORY, conversation_id=number, **before)[1]["messages_in_conversation"]:
        assert len(piece) <= 200
        seen = [one["content"] for one in piece] + seen
        before = {"before": piece[0]["id"]}
    assert seen == ["When?", *map(str, range(2, 404))]


def test_a_piece_of_a_history_is_bounded_in_length_too(ours: Program) -> None:
    conversation = ours.ask().conversation
    Reply.objects.update(state=ReplyState.COMPLETE)
    for number, content in enumerate(("a" * 300_000, "b" * 300_000, "c" * 600_000), 3):
        Message.objects.create(
            conversation=conversation, position=number, type="incoming", content=content, created_by="x"
        )
    number, seen = integer_id("conversation", conversation.pk), []
    before: dict[str, int] = {}
    while piece := ours.get(HISTORY, conversation_id=number, **before)[1]["messages_in_conversation"]:
        seen.append("".join(one["content"][0] for one in piece))
        before = {"before": piece[0]["id"]}
    assert seen == ["c", "b", "Wa"]


# Whose things


def test_what_is_anothers_and_what_is_absent_look_the_same(ours: Program, theirs: Program) -> None:
    message = theirs.ask(service_type=SALES, ai_id=theirs.ai())
    foreign = {
        "conversation_id": integer_id("conversation", message.conversation_id),
        "prospect_id": integer_id("contact", message.sender_contact_id or message.pk),
        "ai_id": integer_id("chatbot", message.conversation.chatbot_id),
        "incoming_message_id": integer_id("message", message.pk),
    }
    service = {"service_type": SALES}

    def calls(given: dict[str, int]) -> list[tuple[int, Any]]:
        own = {"ai_id": ours.ai()}
        return [
            ours.post(INITIATE, QUESTION | service | {"ai_id": given["ai_id"]}),
            ours.post(INITIATE, QUESTION | service | own | {"prospect_id": given["prospect_id"]}),
            ours.post(INITIATE, QUESTION | service | own | {"conversation_id": given["conversation_id"]}),
            ours.post(CREATE, {"prospect_id": given["prospect_id"]}),
            ours.post(CREATE, {"prospect_info": ADA, "ai_id": given["ai_id"]}),
            ours.get(RETRIEVE, **service, incoming_message_id=given["incoming_message_id"]),
            ours.get(HISTORY, conversation_id=given["conversation_id"]),
        ]

    absent = calls(dict.fromkeys(foreign, 2**31))
    assert calls(foreign) == absent
    assert [status for status, _ in absent] == [403] * 7
    assert not Conversation.objects.filter(organization=ours.organization).exists()
    assert not Contact.objects.filter(organization=ours.organization).exists()


def test_members_conversations_are_out_of_reach(ours: Program) -> None:
    alice = people.alice()
    hers = Conversation.objects.create(
        organization=ours.organization, chatbot=people.chatbot_of(alice), owner=alice, created_by="x"
    )
    number = integer_id("conversation", hers.pk)
    assert ours.get(HISTORY, conversation_id=number)[0] == 403
    assert ours.post(INITIATE, QUESTION | {"conversation_id": number})[0] == 403


def test_an_integer_of_another_kind_opens_nothing(ours: Program) -> None:
    message = ours.ask()
    assert ours.get(HISTORY, conversation_id=integer_id("message", message.pk))[0] == 403


def test_an_answer_is_no_question(ours: Program) -> None:
    answer = ours.ask().replies.get().outgoing_id
    number = integer_id("message", answer)
    assert ours.get(RETRIEVE, incoming_message_id=number, service_type=SUPPORT)[0] == 403


def test_a_key_does_what_its_scopes_allow_and_nothing_when_it_is_revoked(ours: Program) -> None:
    reader = Program(people.HOME, ("read",))
    assert reader.post(INITIATE, QUESTION)[0] == 403
    assert reader.post(CREATE, {"prospect_info": ADA})[0] == 403
    number = integer_id("conversation", ours.ask().conversation_id)
    assert reader.get(HISTORY, conversation_id=number)[0] == 200
    type(reader.key).objects.update(revoked_at=timezone.now())
    assert reader.get(HISTORY, conversation_id=number)[0] == 401
    assert ours.post(CREATE, {"prospect_info": ADA})[0] == 401


def test_an_organization_without_a_chatbot_is_told_so(ours: Program) -> None:
    ours.organization.chatbots.update(is_active=False)
    status, body = ours.post(INITIATE, QUESTION)
    assert (status, body.keys()) == (400, {"error"})
    assert not Contact.objects.exists()
