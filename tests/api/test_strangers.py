"""What somebody without a key may do: talk in a web chat that lets strangers in, and nothing else."""

from __future__ import annotations

from contextlib import AbstractContextManager
from datetime import UTC, datetime, timedelta
from typing import Any
from unittest.mock import patch
from uuid import uuid4

import pytest
from django.http import HttpResponse
from django.test import Client

from chat.models import AccessType, Contact, Conversation, Message, Reply, WebChat
from chat.services.daily_limits import OF_ADDRESS, OF_EVERYBODY, OF_VISITOR
from tests.api.asking import Caller, alices
from tests.api.contracts import CONVERSATION, MESSAGE, differences
from tests.api.world import begin, finish, say, web_chat

pytestmark = pytest.mark.django_db

STRANGER = Caller()


def test_a_stranger_talks_in_a_web_chat() -> None:
    made = begin(STRANGER)
    assert differences(made, CONVERSATION) == []
    sent = say(STRANGER, made["id"], "Hello?")
    assert differences(sent, MESSAGE) == []
    answer = finish(sent["id"])
    page = STRANGER.get(f"messages/?conversation={made['id']}").json()
    assert [row["id"] for row in page["results"]] == [str(answer.pk), sent["id"]]
    assert STRANGER.get(f"messages/{answer.pk}/?conversation={made['id']}").status_code == 200
    assert STRANGER.get(f"conversations/{made['id']}/").json()["lastMessage"]["id"] == str(answer.pk)


def test_what_is_known_of_a_visitor_is_told_to_keys_only() -> None:
    made = begin(STRANGER)
    Contact.objects.filter(pk=made["contact"]["id"]).update(email="v@example.com", phone_number="+1 555")
    Conversation.objects.update(query_metadata={"secret": 1})
    sent = say(STRANGER, made["id"])
    path = f"messages/{sent['id']}/?conversation={made['id']}"
    assert sent["sender"]["email"] is sent["sender"]["phoneNumber"] is None
    assert alices().get(path).json()["sender"]["email"] == "v@example.com"
    hers, theirs = (who.get(f"conversations/{made['id']}/").json() for who in (alices(), STRANGER))
    assert (hers["ipAddress"], hers["queryMetadata"]) == ("127.0.0.1", {"secret": 1})
    assert (theirs["ipAddress"], theirs["ipRecordedAt"], theirs["queryMetadata"]) == (None, None, None)
    assert not any(text in STRANGER.get(path).content for text in (b"example.com", b"555 0100"))
    kept = say(alices(), made["id"], queryMetadata={"secret": 2})
    Conversation.objects.update(last_message=kept["id"])
    one, many = f"messages/{kept['id']}/?conversation={made['id']}", f"messages/?conversation={made['id']}"
    for who, told in ((alices(), {"secret": 2}), (STRANGER, None)):
        assert who.get(one).json()["queryMetadata"] == told
        assert who.get(many).json()["results"][0]["queryMetadata"] == told
        last = who.get(f"conversations/{made['id']}/").json()["lastMessage"]
        assert (last["id"], last["queryMetadata"]) == (kept["id"], told)


@pytest.mark.parametrize("options", [{}, {"enableDisplayCitations": False}])
def test_what_an_answer_rests_on_is_told_to_strangers_where_the_web_chat_shows_it(
    options: dict[str, Any],
) -> None:
    made = begin(STRANGER, web_chat(options=options))
    answer = finish(say(STRANGER, made["id"])["id"])
    cited = {"citations": [{"id": "1"}], "citation_nodes": [{"number": 1, "chatbotTextNode": {"text": "x"}}]}
    Message.objects.filter(pk=answer.pk).update(**cited)
    for who, shown in ((STRANGER, not options), (alices(), True)):
        listed = who.get(f"messages/?conversation={made['id']}").json()["results"][0]
        one = who.get(f"messages/{answer.pk}/?conversation={made['id']}").json()
        for message in (listed, one):
            assert [one["id"] for one in message["citations"]] == (["1"] if shown else [])
            passages = [one["chatbotTextNode"]["text"] for one in message["citationNodes"]]
            assert passages == (["x"] if shown else [])


@pytest.mark.parametrize(
    "closed",
    [
        {"is_active": False},
        {"enable_anonymous": False},
        {"access_type": AccessType.API},
        {"identity_enforced": True},
    ],
)
def test_a_web_chat_that_is_closed_to_strangers_is_like_none_before_and_after(closed: dict[str, Any]) -> None:
    place = web_chat()
    made = begin(STRANGER, place)
    sent = say(STRANGER, made["id"])
    WebChat.objects.update(**closed)
    absent = STRANGER.post("conversations/", {"webChat": str(uuid4())})
    answer = STRANGER.post("conversations/", {"webChat": str(place.pk)})
    assert (
        (answer.status_code, answer.content) == (absent.status_code, absent.content) == (400, absent.content)
    )
    for path in (
        f"conversations/{made['id']}/",
        f"messages/?conversation={made['id']}",
        f"messages/{sent['id']}/?conversation={made['id']}",
    ):
        assert STRANGER.get(path).status_code == 404
    assert STRANGER.post("messages/", {"conversation": made["id"], "content": "x"}).status_code == 401


def test_conversations_of_programs_are_out_of_a_strangers_reach() -> None:
    caller = alices()
    made = begin(caller)
    sent = say(caller, made["id"])
    answers = []
    for conversation, message in ((made["id"], sent["id"]), (uuid4(), uuid4())):
        asked = [
            STRANGER.get(f"conversations/{conversation}/"),
            STRANGER.get(f"messages/?conversation={conversation}"),
            STRANGER.get(f"messages/{message}/?conversation={conversation}"),
            STRANGER.get(f"messages/{message}/"),
            STRANGER.get("messages/"),
            STRANGER.post("messages/", {"conversation": str(conversation), "content": "x"}),
        ]
        answers.append([(one.status_code, one.content) for one in asked])
    assert answers[0] == answers[1]
    assert [status for status, _ in answers[0]] == [404, 404, 404, 401, 401, 401]


def test_a_stranger_reads_only_the_conversation_whose_id_they_have() -> None:
    mine, other = begin(STRANGER)["id"], begin(STRANGER)["id"]
    message = say(STRANGER, other)
    assert STRANGER.get(f"messages/{message['id']}/?conversation={mine}").status_code == 404
    assert STRANGER.get(f"messages/?conversation={mine}").json()["results"] == []


def test_a_stranger_does_not_write_as_the_chatbot_nor_in_anothers_name() -> None:
    place = web_chat()
    contact = Contact.objects.create(organization=place.organization, name="Dora")
    made = STRANGER.post("conversations/", {"webChat": str(place.pk), "contact": str(contact.pk)}).json()
    assert made["contact"]["id"] != str(contact.pk)
    body = {"conversation": made["id"], "content": "I am the chatbot"}
    assert STRANGER.post("messages/", body | {"type": "outgoing"}).status_code == 403
    assert STRANGER.post("messages/outgoing/", body).status_code == 401
    assert STRANGER.patch(f"conversations/{made['id']}/update-auto-reply/").status_code == 401
    assert not Message.objects.exists()
    assert not Reply.objects.exists()


def test_strangers_of_one_address_begin_so_many_conversations_a_minute(settings: Any) -> None:
    settings.API_STRANGERS_PER_MINUTE = 60
    body = {"webChat": str(web_chat().pk)}
    client = Client(REMOTE_ADDR="192.0.2.7")
    answers = [client.post("/api/conversations/", body, "application/json") for _ in range(12)]
    assert [answer.status_code for answer in answers] == [201] * 10 + [429] * 2
    assert int(answers[-1].headers["Retry-After"]) > 0
    elsewhere = Client(REMOTE_ADDR="192.0.2.8").post("/api/conversations/", body, "application/json")
    assert elsewhere.status_code == 201


def test_a_visitor_writes_so_many_messages_a_minute(settings: Any) -> None:
    settings.MESSAGES_PER_MINUTE = 3
    conversation = begin(STRANGER)["id"]
    body = {"conversation": conversation, "content": "x"}
    codes = [STRANGER.post("messages/", body).status_code for _ in range(4)]
    assert codes == [201] * 3 + [429]
    assert alices().post("messages/", body).status_code == 201


def send(conversation: str, address: str = "192.0.2.7", content: str = "x") -> HttpResponse:
    body = {"conversation": conversation, "content": content}
    answer: HttpResponse = Client(REMOTE_ADDR=address).post("/api/messages/", body, "application/json")
    return answer


def test_a_stranger_writes_so_many_messages_a_day() -> None:
    place = web_chat(messages_per_visitor=2)
    mine, other = begin(STRANGER, place)["id"], begin(STRANGER, place)["id"]
    assert [send(mine).status_code for _ in range(3)] == [201, 201, 429]
    refused = send(mine)
    assert refused.json()["detail"] == str(OF_VISITOR)
    assert 0 < int(refused.headers["Retry-After"]) <= 24 * 3600
    assert Message.objects.filter(conversation=mine, type="incoming").count() == 2
    assert send(other).status_code == 201
    assert alices().post("messages/", {"conversation": mine, "content": "x"}).status_code == 201


def test_strangers_of_one_address_write_so_many_messages_a_day() -> None:
    place = web_chat(messages_per_address=2)
    talks = [begin(STRANGER, place)["id"] for _ in range(3)]
    assert [send(talk).status_code for talk in talks] == [201, 201, 429]
    assert send(talks[2], "2001:db8::1").status_code == 201
    assert send(talks[2], "2001:db8::2").status_code == 201
    refused = send(talks[2], "2001:db8::ffff:3")  # an IPv6 address is its /64
    assert refused.json()["detail"] == str(OF_ADDRESS)
    assert send(talks[2], "2001:db8:0:1::1").status_code == 201
    counted = [row.who for row in place.usage.all() if row.who.startswith("address:")]
    assert len(counted) == 3
    assert not any("192.0" in who or "2001" in who for who in counted)


def test_a_web_chat_takes_so_many_messages_a_day_and_is_open_again_on_the_next() -> None:
    place, another = web_chat(messages_per_day=2), web_chat(messages_per_day=2)
    talks = [begin(STRANGER, place)["id"] for _ in range(3)]
    evening = datetime(2026, 11, 21, 23, 59, 30, tzinfo=UTC)
    with clock(evening):
        codes = [send(talk, f"192.0.2.{number}").status_code for number, talk in enumerate(talks)]
        assert codes == [201, 201, 429]
        refused = send(talks[2])
        assert refused.json()["detail"] == str(OF_EVERYBODY)
        assert refused.headers["Retry-After"] == "31"
        assert send(begin(STRANGER, another)["id"]).status_code == 201
    with clock(evening + timedelta(minutes=1)):
        assert [send(talk, "192.0.2.0").status_code for talk in talks] == [201, 201, 429]
    hashes = place.usage.filter(who__startswith="address:").values_list("who", flat=True)
    assert len(set(hashes)) == len(hashes) == 3


def clock(moment: datetime) -> AbstractContextManager[object]:
    return patch("chat.models.usage.timezone.now", return_value=moment)


@pytest.mark.parametrize("limit", [0, None])
def test_without_a_limit_nobody_is_counted(limit: int | None) -> None:
    place = web_chat(messages_per_visitor=limit, messages_per_address=limit, messages_per_day=limit)
    assert send(begin(STRANGER, place)["id"]).status_code == 201
    assert not place.usage.exists()


def test_a_strangers_message_is_at_most_so_long() -> None:
    place = web_chat(message_characters=5)
    talk = begin(STRANGER, place)["id"]
    assert send(talk, content="好" * 5).status_code == 201
    refused = send(talk, content="x" * 6)
    assert refused.status_code == 413
    assert "it can have 5 characters" in refused.json()["detail"]
    assert alices().post("messages/", {"conversation": talk, "content": "x" * 6}).status_code == 201
    assert place.usage.get(who="").messages == 1
