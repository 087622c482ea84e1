"""Messages: stored in all their forms, listed, read and rated."""

from __future__ import annotations

from typing import Any
from uuid import UUID, uuid4

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from chat.api.views import messages
from chat.models import Attachment, Contact, Conversation, Message, Reply
from chat.principals import Principal
from chat.services.contents import DETAIL_BYTES, MESSAGE_BYTES
from chat.services.keys import create_api_key
from chat.services.replies import retry
from tests import people
from tests.api.asking import Caller, alices, charlies
from tests.api.contracts import MESSAGE, differences
from tests.api.samples import sample
from tests.api.test_attachments import sent as sent_file
from tests.api.world import begin, finish, say

pytestmark = pytest.mark.django_db

#: With what it says that is read-only.
SAMPLE = sample("message")


def listed(caller: Caller, conversation: str, query: str = "") -> list[dict[str, Any]]:
    answer = caller.get(f"messages/?conversation={conversation}{query}")
    assert answer.status_code == 200, answer.content
    page = answer.json()
    assert page.keys() == {"count", "next", "previous", "results"}
    assert [line for row in page["results"] for line in differences(row, MESSAGE)] == []
    found: list[dict[str, Any]] = page["results"]
    return found


def attachment(by: str = "", **more: Any) -> Attachment:
    organization = people.organization_of(people.alice())
    label = by or f"key:{organization.api_keys.latest('created_at').pk}"
    return Attachment.objects.create(
        organization=organization, created_by=label, filename="a.txt", file="attachments/a.txt", **more
    )


def test_the_formats_own_sample_is_stored() -> None:
    caller = alices()
    Conversation.objects.filter(pk=begin(caller)["id"]).update(id=SAMPLE["conversation"])
    answer = caller.post("messages/", SAMPLE)
    made = answer.json()
    assert answer.status_code == 201
    assert differences(made, MESSAGE) == []
    assert {name: made[name] for name in ("conversation", "type", "content", "contentPayload")} == {
        name: SAMPLE[name] for name in ("conversation", "type", "content", "contentPayload")
    }
    assert made["feedback"] is None
    assert made["sender"]["name"] == "anonymous"
    written = ("name", "canvasType", "title", "content")
    assert [made["canvas"][name] for name in written] == [SAMPLE["canvas"][name] for name in written]
    assert made["canvas"]["id"] != SAMPLE["canvas"]["id"]
    assert caller.get(f"messages/{made['id']}/").json() == made


def test_the_guides_body_is_stored_and_answered_in_the_background() -> None:
    caller = alices()
    made = begin(caller)
    sent = say(caller, made["id"], "Message content", attachments=[])
    reply = Reply.objects.get(incoming=sent["id"])
    assert (reply.state, reply.runner) == ("queued", None)
    contact = Contact.objects.get(pk=made["contact"]["id"])
    assert sent["sender"]["id"] == contact.pk.int


def test_what_is_free_form_keeps_its_names() -> None:
    caller = alices()
    free = {"knowledge_bases": [{"has_user_selected_all": "True"}], "camelCase": {"inner_name": 1.5}}
    made = begin(caller)
    for name in ("queryMetadata", "query_metadata"):
        assert say(caller, made["id"], **{name: free})["queryMetadata"] == free
    say(caller, made["id"], metadata=free)
    assert Message.objects.filter(metadata=free).exists()


@pytest.mark.parametrize(
    "body",
    [
        {"contentPayload": {"items": [{"type": "text", "text": "Spoken"}]}},
        {"contentPayload": {"content": "Spoken"}, "content": None},
        {
            "canvas": {"name": "n", "canvas_type": "markdown", "title": "t", "content": "Spoken"},
            "content": " ",
        },
    ],
)
def test_without_content_the_payload_or_the_canvas_speaks_and_is_answered(body: dict[str, Any]) -> None:
    caller = alices()
    answer = caller.post("messages/", {"conversation": begin(caller)["id"], **body})
    assert (answer.status_code, answer.json()["content"]) == (201, "Spoken")
    assert Reply.objects.filter(incoming=answer.json()["id"]).exists()


def test_what_has_no_words_at_all_is_stored_and_not_answered() -> None:
    caller = alices()
    answer = caller.post(
        "messages/", {"conversation": begin(caller)["id"], "contentPayload": {"items": [{"type": "image"}]}}
    )
    assert (answer.status_code, answer.json()["content"]) == (201, "")
    assert not Reply.objects.exists()


@pytest.mark.parametrize(
    ("more", "fields"),
    [
        ({}, {"detail"}),
        ({"content": "  \n"}, {"detail"}),
        ({"content": 7, "contentPayload": "text"}, {"contentPayload"}),
        ({"content": ["Hello"]}, {"content"}),
        ({"content": "x", "type": "sideways"}, {"type"}),
        ({"content": "x", "queryMetadata": []}, {"queryMetadata"}),
        ({"content": "x", "canvas": {"name": "n"}}, {"canvas"}),
        ({"content": "x", "attachments": "all"}, {"attachments"}),
        ({"content": "x", "attachments": [{"filename": "a.txt"}]}, {"attachments"}),
        ({"content": "x", "attachments": [{"id": "Attachment ID"}]}, {"attachments"}),
        ({"content": "x", "attachments": [str(uuid4())]}, {"attachments"}),
        ({"content": "x", "attachments": [str(uuid4())] * 21}, {"attachments"}),
        ({"content": "x", "conversation": str(uuid4())}, {"conversation"}),
        ({"content": "x", "conversation": "Conversation ID"}, {"conversation"}),
        ({"content": "x", "conversation": None}, {"conversation"}),
        ({"content": "\ud800"}, {"detail"}),
        ({"content": "a\x00b"}, {"detail"}),
    ],
)
def test_what_cannot_be_stored_is_said(more: dict[str, Any], fields: set[str]) -> None:
    caller = alices()
    answer = caller.post("messages/", {"conversation": begin(caller)["id"], **more})
    assert (answer.status_code, set(answer.json())) == (400, fields), answer.content
    assert not Message.objects.exists()


def test_what_is_too_long_is_said() -> None:
    caller = alices()
    conversation = begin(caller)["id"]
    for more in (
        {"content": "x" * (MESSAGE_BYTES + 1)},
        {"content": "x", "metadata": {"a": "x" * DETAIL_BYTES}},
    ):
        assert caller.post("messages/", {"conversation": conversation, **more}).status_code == 413
    long = {"name": "n", "canvasType": "markdown", "title": "t", "content": "é" * 60_000}
    made = say(caller, conversation, "", canvas=long)
    assert len(made["content"].encode()) <= MESSAGE_BYTES
    assert made["canvas"]["content"] == long["content"]


def test_attachments_are_named_by_id_or_in_an_object() -> None:
    caller = alices()
    conversation = begin(caller)["id"]
    first, second = attachment(), attachment(type="image")
    named = [
        str(first.pk),
        {"id": str(second.pk), "type": {}, "filename": "b.txt", "file": "https://x.test/b"},
    ]
    made = say(caller, conversation, "", attachments=named)
    assert differences(made, MESSAGE) == []
    assert {one["id"] for one in made["attachments"]} == {str(first.pk), str(second.pk)}
    again = caller.post("messages/", {"conversation": conversation, "attachments": [str(first.pk)]})
    assert (again.status_code, set(again.json())) == (400, {"attachments"})


def test_a_file_that_was_sent_with_a_form_is_attached_by_its_key() -> None:
    caller = alices()
    conversation = begin(caller)["id"]
    key = sent_file(caller)
    made = say(caller, conversation, "", attachments=[{"file": key, "filename": "sea.png"}])
    assert [(one["type"], one["filename"]) for one in made["attachments"]] == [("image", "sea.png")]
    unknown = {"conversation": conversation, "attachments": [{"file": key[:-9] + "x", "filename": "sea.png"}]}
    answer = caller.post("messages/", unknown)
    assert (answer.status_code, set(answer.json())) == (400, {"attachments"})


def test_an_outgoing_message_is_stored_and_generates_nothing() -> None:
    caller = alices()
    made = begin(caller)
    key, text = create_api_key(
        organization=people.organization_of(people.alice()), name="Bob's", user=people.bob()
    )
    first = say(caller, made["id"], "From a program", type="outgoing")
    second = (
        Caller(text).post("messages/outgoing/", {"conversation": made["id"], "content": "From Bob"}).json()
    )
    assert [one["type"] for one in (first, second)] == ["outgoing", "outgoing"]
    assert first["sender"]["name"] == people.chatbot_of(people.alice()).name
    assert second["sender"] | {"id": 0} == {
        "id": 0,
        "name": "Bob",
        "avatar": "",
        "email": None,
        "phoneNumber": None,
    }
    assert not Reply.objects.exists()
    assert [row["id"] for row in listed(caller, made["id"])] == [second["id"], first["id"]]
    assert caller.get(f"conversations/{made['id']}/").json()["lastMessage"]["id"] == second["id"]


def test_the_list_is_newest_first_and_has_only_answers_that_are_finished() -> None:
    caller = alices()
    conversation = begin(caller)["id"]
    first = say(caller, conversation, "First")
    answer = finish(first["id"])
    second = say(caller, conversation, "Second")
    pending = Reply.objects.get(incoming=second["id"]).outgoing
    assert [row["content"] for row in listed(caller, conversation)] == ["Second", "An answer.", "First"]
    assert caller.get(f"messages/{pending.pk}/").status_code == 404
    organization = people.organization_of(people.alice()).pk
    retry(principal=Principal("system", organization, organization), message=UUID(first["id"]))
    assert [row["content"] for row in listed(caller, conversation)] == ["Second", "First"]
    assert caller.get(f"messages/{answer.pk}/").status_code == 404
    assert caller.get("messages/").json()["count"] == 2


def test_pages_of_messages_count_them_and_hold_each_once() -> None:
    caller = alices()
    conversations = [begin(caller)["id"] for _ in range(3)]
    made = {one: [say(caller, one)["id"] for _ in range(4)][::-1] for one in conversations}

    def walk(address: str) -> list[str]:
        seen = []
        while address:
            page = caller.get(address).json()
            assert page["count"] == (12 if "conversation" not in address else 4)
            seen += [row["id"] for row in page["results"]]
            address = (page["next"] or "").removeprefix("http://testserver/api/")
        return seen

    every = [id for one in conversations[::-1] for id in made[one]]
    assert walk("messages/?pageSize=5") == walk("messages/?page=1&page_size=5") == every
    one = conversations[0]
    for query in ("pageSize=3", "page=1&pageSize=3", "limit=3"):
        assert walk(f"messages?conversation={one}&{query}") == made[one]
    assert [row["id"] for row in caller.get(f"messages/?conversation_id={one}").json()["results"]] == made[
        one
    ]


@pytest.mark.parametrize("whole", [True, False])
def test_numbered_pages_of_a_long_list_go_on_with_cursors(
    whole: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(messages, "COUNTED", 5)
    caller = alices()
    conversation = begin(caller)["id"]
    made = [say(caller, conversation)["id"] for _ in range(12)][::-1]
    of = "" if whole else f"conversation={conversation}&"
    for query in ("page=1&page_size=2", "page=1&pageSize=2", "limit=2", "offset=0&limit=2"):
        seen, addresses = [], [f"messages/?{of}{query}"]
        while address := addresses[-1]:
            page = caller.get(address).json()
            assert page["count"] == 5
            seen += [row["id"] for row in page["results"]]
            addresses.append((page["next"] or "").removeprefix("http://testserver/api/"))
        assert seen == made
        assert sum("cursor" in one for one in addresses) == 3
        back = caller.get(caller.get(addresses[2]).json()["previous"].removeprefix("http://testserver/api/"))
        assert [row["id"] for row in back.json()["results"]] == made[2:4]
    for query, name in (("page=4&page_size=2", "page"), ("offset=6", "offset")):
        beyond = caller.get(f"messages/?{of}{query}")
        assert (beyond.status_code, list(beyond.json())) == (400, [name])


@pytest.mark.parametrize(
    ("query", "status"),
    [
        ("?conversation=example", 400),
        ("?conversation=00000000-0000-4000-8000-000000000000", 404),
        ("?cursor=example", 404),
        ("?page=99", 404),
        ("?pageSize=101", 400),
    ],
)
def test_what_is_wrong_in_the_address_is_said(query: str, status: int) -> None:
    assert alices().get(f"messages/{query}").status_code == status


def test_a_message_is_read_within_its_own_conversation_only() -> None:
    caller = alices()
    first, second = begin(caller)["id"], begin(caller)["id"]
    made = say(caller, first)
    assert caller.get(f"messages/{made['id']}/?conversation={first}").json() == made
    for query in (f"?conversation={second}", "?conversation=00000000-0000-4000-8000-000000000000"):
        assert caller.get(f"messages/{made['id']}/{query}").status_code == 404
    assert charlies().get(f"messages/{made['id']}").status_code == 404


def test_a_list_costs_as_many_queries_for_fifty_as_for_two() -> None:
    caller = alices()

    def queries(count: int) -> int:
        for _ in range(count):
            sent = say(caller, begin(caller)["id"], attachments=[str(attachment().pk)])
            caller.put(f"messages/{finish(sent['id']).pk}/feedback/", {"type": "like"})
        with CaptureQueriesContext(connection) as asked:
            caller.get("messages/?pageSize=100")
        return len(asked)

    assert queries(2) == queries(23)


@pytest.mark.parametrize(
    ("body", "type", "suggestion"),
    [
        ({"type": "like", "suggestion": "Good."}, "like", "Good."),
        ({"feedback": "dislike"}, "dislike", ""),
        ({"feedback": {"type": "dislike"}}, "dislike", ""),
        ("like", "like", ""),
        ({"type": ""}, None, ""),
        ({"feedback": None}, None, ""),
    ],
)
def test_an_answer_is_rated_in_either_form(body: Any, type: str | None, suggestion: str) -> None:
    caller = alices()
    conversation = begin(caller)["id"]
    answer = finish(say(caller, conversation)["id"])
    for _ in range(2):
        response = caller.put(f"messages/{answer.pk}/feedback/", body)
        assert response.status_code == 200, response.content
        assert differences(response.json(), MESSAGE) == []
    given = listed(caller, conversation)[0]["feedback"]
    assert (given and (given["type"], given["suggestion"])) == (type and (type, suggestion))


@pytest.mark.parametrize("body", [{}, {"type": "love"}, {"type": 1}, {"feedback": []}, [], 7])
def test_other_ratings_are_refused(body: Any) -> None:
    caller = alices()
    answer = finish(say(caller, begin(caller)["id"])["id"])
    assert caller.put(f"messages/{answer.pk}/feedback/", body).status_code == 400


def test_only_answers_are_rated() -> None:
    caller = alices()
    sent = say(caller, begin(caller)["id"])
    assert caller.put(f"messages/{sent['id']}/feedback/", {"type": "like"}).status_code == 400
