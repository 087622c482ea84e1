"""Chatbots and web chats through the API: as programs make and change them, and what strangers see."""

from __future__ import annotations

from threading import Thread
from typing import Any
from uuid import uuid4

import pytest
from django.db import connection, transaction

from chat.models import AccessType, ChannelType, Chatbot, Inbox, LanguageModel, Message, WebChat
from tests import people
from tests.api.asking import Caller, alices
from tests.api.contracts import (
    CHATBOT,
    CHATBOT_ROW,
    INBOX,
    STRANGERS_CHATBOT,
    WEB_CHAT,
    WEB_CHAT_ROW,
    differences,
)
from tests.api.world import begin

pytestmark = pytest.mark.django_db

#: The body of MaiAgent's own example, for making and for changing alike.
SCRIPT = {
    "name": "Assistant",
    "model": "ba7da66a-6f30-414d-98f8-7d681a92d47a",
    "rag": "66261b7a-bd3f-4214-9c48-364c2e122b0f",
    "instructions": "",
}


def site(**values: Any) -> WebChat:
    organization = people.organization_of(people.alice())
    inbox = Inbox.objects.create(organization=organization, name="Shop")
    chatbot = people.chatbot_of(people.alice())
    return WebChat.objects.create(
        organization=organization, inbox=inbox, chatbot=chatbot, name="Shop", **values
    )


@pytest.mark.parametrize("private", [True, False])
def test_a_webhook_of_one_label_is_taken_where_private_addresses_are(settings: Any, private: bool) -> None:
    settings.WEBHOOK_PRIVATE_ADDRESSES = private
    caller, url = alices(), "http://receiver:8000/hook"
    answer = caller.patch(f"chatbots/{people.chatbot_of(people.alice()).pk}/", {"webhookUrl": url})
    assert answer.status_code == (200 if private else 400)
    assert answer.json()["webhookUrl"] == (url if private else ["Enter a valid URL."])


@pytest.mark.parametrize("private", [True, False])
@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "[::1]"])
def test_a_webhook_that_would_never_be_called_is_refused_at_once(
    settings: Any, private: bool, host: str
) -> None:
    settings.WEBHOOK_PRIVATE_ADDRESSES = private
    caller, url = alices(), f"http://{host}:6666/webhook"
    path = f"chatbots/{people.chatbot_of(people.alice()).pk}/"
    for answer, status in (
        (caller.patch(path, {"webhookUrl": url}), 200),
        (caller.post("chatbots/", {"name": "x", "webhookUrl": url}), 201),
    ):
        assert answer.status_code == (status if private else 400)
        refused = ["Webhooks go to addresses of the public internet only."]
        assert answer.json()["webhookUrl"] == (url if private else refused)
    settings.WEBHOOK_PRIVATE_ADDRESSES = False
    kept = {"webhookUrl": caller.get(path).json()["webhookUrl"], "instructions": "Be brief."}
    assert caller.patch(path, kept).status_code == 200  # what it has is no news


@pytest.mark.django_db(transaction=True)
def test_two_who_look_at_a_new_chatbot_at_once_make_one_api_web_chat() -> None:
    one, another, chatbot = alices(), alices(), people.chatbot_of(people.alice())
    seen: list[str] = []

    def look(caller: Caller) -> None:
        seen.append(caller.get(f"chatbots/{chatbot.pk}/").json()["apiWebChatId"])

    def look_elsewhere() -> None:
        look(another)
        connection.close()

    other = Thread(target=look_elsewhere)
    with transaction.atomic():  # nobody sees yet what this one makes
        look(one)
        other.start()
        other.join(0.5)  # without the lock it would make another one now
    other.join()
    assert len(set(seen)) == 1
    assert WebChat.objects.filter(chatbot=chatbot, access_type=AccessType.API).count() == 1


def test_the_body_that_known_scripts_send_makes_and_changes_a_chatbot() -> None:
    caller = alices()
    made = caller.post("chatbots", SCRIPT)
    assert made.status_code == 201, made.content
    body = made.json()
    assert differences(body, CHATBOT) == []
    assert body["largeLanguageModel"] == SCRIPT["model"]
    assert body["rag"] == SCRIPT["rag"]
    assert (body["replyMode"], body["webhookUrl"], body["databaseUrl"]) == ("normal", None, None)
    stored = Chatbot.objects.get(pk=body["id"])
    assert stored.language_model is None
    assert str(stored.web_chats.get(access_type=AccessType.API).pk) == body["apiWebChatId"]
    changed = caller.put(f"chatbots/{body['id']}", {**SCRIPT, "name": "Renamed"})
    assert (changed.status_code, changed.json()["name"]) == (200, "Renamed")
    assert caller.put(f"chatbots/{body['id']}/", changed.json()).status_code == 200


def test_what_is_not_sent_stays_with_either_method() -> None:
    caller = alices()
    given = {
        "name": "Whole",
        "instructions": "Be brief.",
        "webhookUrl": "https://example.com/hook",
        "replyMode": "hybrid",
        "outputFormat": {"some_key": {"innerKey": [1, None]}},
        "enableRerank": False,
    }
    whole = caller.post("chatbots/", given).json()
    assert differences(whole, CHATBOT) == []
    for method in (caller.put, caller.patch):
        after = method(f"chatbots/{whole['id']}/", {"instructions": "Be long."}).json()
        assert {**after, "instructions": "Be brief.", "updatedAt": ""} == {**whole, "updatedAt": ""}
        assert after["instructions"] == "Be long."
        caller.patch(f"chatbots/{whole['id']}/", {"instructions": "Be brief."})
    assert caller.get(f"chatbots/{whole['id']}").json()["outputFormat"] == given["outputFormat"]
    assert caller.patch(f"chatbots/{whole['id']}", {"webhookUrl": None}).json()["webhookUrl"] is None


def test_only_language_models_of_the_organization_or_of_all_can_be_chosen() -> None:
    caller = alices()
    own, foreign, shared = (
        LanguageModel.objects.create(name=name, organization=organization)
        for name, organization in (
            ("Own", people.organization_of(people.alice())),
            ("Foreign", people.organization_of(people.charlie())),
            ("Shared", None),
        )
    )
    for model in (own, shared):
        made = caller.post("chatbots/", {"name": "Any", "largeLanguageModel": str(model.pk)})
        assert made.json()["largeLanguageModel"] == str(model.pk)
        rows = caller.get(f"chatbots/?large_language_model={model.pk}").json()["results"]
        assert differences(rows, [CHATBOT_ROW]) == []
        assert [row["largeLanguageModel"] for row in rows] == [
            {"id": str(model.pk), "name": model.name, "isDefault": False}
        ]
    refused = [
        caller.post("chatbots/", {"name": "Any", name: str(id)}).json()
        for id in (foreign.pk, uuid4())
        for name in ("large_language_model", "model")
    ]
    sentence = "This does not exist, or you have no access to it."
    assert refused == [{"largeLanguageModel": [sentence]}] * 4
    assert Chatbot.objects.filter(language_model=foreign).count() == 0


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, "name"),
        ({"name": ""}, "name"),
        ({"name": ["x"]}, "name"),
        ({"name": "x" * 256}, "name"),
        ({"name": "x", "webhookUrl": "javascript:alert(1)"}, "webhookUrl"),
        ({"name": "x", "webhookUrl": "file:///etc/passwd"}, "webhookUrl"),
        ({"name": "x", "webhookUrl": f"https://example.com/{'x' * 500}"}, "webhookUrl"),
        ({"name": "x", "replyMode": {}}, "replyMode"),
        ({"name": "x", "largeLanguageModel": "gpt-4o"}, "largeLanguageModel"),
        ({"name": "x", "numberOfRetrievedChunks": 1e30}, "numberOfRetrievedChunks"),
        ([], "nonFieldErrors"),
        ("name", "nonFieldErrors"),
        (7, "nonFieldErrors"),
        ({"name": "x", "outputFormat": "x" * 70_000}, "detail"),
    ],
)
def test_what_is_wrong_is_said_by_field(body: Any, field: str) -> None:
    refused = alices().post("chatbots/", body)
    assert refused.status_code == (413 if field == "detail" else 400), refused.content
    assert set(refused.json()) == {field}


def test_the_list_is_searched_and_filtered() -> None:
    caller = alices()
    for name, mode in (("Alpha", "hybrid"), ("Beta", "normal")):
        caller.post("chatbots/", {"name": name, "replyMode": mode})
    found = {
        query: [row["name"] for row in caller.get(f"chatbots/?{query}").json()["results"]]
        for query in ("query=ALPH", "replyMode=hybrid", "reply_mode=normal", "replyMode=agent")
    }
    assert found == {
        "query=ALPH": ["Alpha"],
        "replyMode=hybrid": ["Alpha"],
        "reply_mode=normal": ["Home handbook", "Beta"],
        "replyMode=agent": [],
    }


def test_one_that_was_taken_away_is_gone_for_programs_and_there_for_review() -> None:
    caller, id = alices(), people.chatbot_of(people.alice()).pk
    assert caller.delete(f"chatbots/{id}/").status_code == 204
    assert caller.get(f"chatbots/{id}/").status_code == 404
    assert caller.get("chatbots/").json()["results"] == []
    assert Chatbot.objects.filter(pk=id, is_active=False).exists()


def test_one_that_was_taken_away_answers_nobody_any_more() -> None:
    caller, stranger, id = alices(), Caller(), people.chatbot_of(people.alice()).pk
    hers, theirs = begin(caller)["id"], begin(stranger)["id"]
    assert caller.get(f"conversations/{hers}/").json()["isAutoReplyNow"] is True
    caller.delete(f"chatbots/{id}/")
    question = {"content": "Hello?"}
    for who, conversation, status in ((caller, hers, 403), (stranger, theirs, 401)):
        refused = who.post("messages/", {"conversation": conversation, **question})
        assert (refused.status_code, set(refused.json())) == (status, {"detail"})
    asked = caller.post(f"chatbots/{id}/completions/", {"conversation": hers, "message": question})
    openai = Caller(caller.key, "/v1/").post(
        "chat/completions", {"model": str(id), "messages": [{"role": "user", **question}]}
    )
    assert (asked.status_code, openai.status_code) == (404, 404)
    assert not Message.objects.exists()
    assert caller.get(f"conversations/{hers}/").json()["isAutoReplyNow"] is False
    assert [row["isAutoReplyNow"] for row in caller.get("conversations/").json()["results"]] == [False] * 2


def test_strangers_see_three_things_of_a_chatbot_that_is_open_to_them() -> None:
    web_chat = site()
    address = f"chatbots/{web_chat.chatbot_id}"
    seen = Caller().get(address)
    assert seen.json() == {"id": str(web_chat.chatbot_id), "name": "Home handbook", "avatar": None}
    assert differences(seen.json(), STRANGERS_CHATBOT) == []
    assert differences(alices().get(address).json(), CHATBOT) == []
    assert seen.headers["Access-Control-Allow-Origin"] == "*"
    assert not seen.has_header("Access-Control-Allow-Credentials")
    WebChat.objects.update(enable_anonymous=False)
    assert Caller().get(address).status_code == 404
    assert Caller().patch(address, {"name": "x"}).status_code == 401


def test_web_chats_are_a_plain_list_and_strangers_see_open_ones() -> None:
    shop = site(options={"theme": {"primaryColor": "#000000"}, "unknown": "secret"})
    assert alices().get("web-chats").json() == [{"id": str(shop.pk), "avatar": None, "name": "Shop"}]
    by_key, by_nobody = (caller.get(f"web-chats/{shop.pk}").json() for caller in (alices(), Caller()))
    assert by_key == by_nobody
    assert differences(by_key, WEB_CHAT) == []
    assert by_nobody["theme"]["primaryColor"] == "#000000"
    assert by_nobody["theme"]["dialogColor"] == "#ddeaf6"
    assert "unknown" not in by_nobody
    WebChat.objects.update(is_active=False)
    assert alices().get(f"web-chats/{shop.pk}").json()["isActive"] is False
    assert Caller().get(f"web-chats/{shop.pk}").status_code == 404


def test_inboxes_and_web_chats_have_every_name_of_the_format_whatever_is_set() -> None:
    caller, web_chat = alices(), site(options={"avatar": "https://example.com/a.png"})
    week = [{"weekday": 0, "isEnabled": True, "timeSlots": [["09:00", "18:00"]]}, {"id": "1", "weekday": 6}]
    Inbox.objects.filter(pk=web_chat.inbox_id).update(auto_reply_schedules=week)
    Inbox.objects.create(organization=web_chat.organization, name="Line", channel_type=ChannelType.LINE)
    Chatbot.objects.update(greeting="Hello.", starters=["Where is my parcel?"])
    inboxes = caller.get("inboxes/").json()["results"]
    assert differences(inboxes, [INBOX]) == []
    assert {one["channelType"] for one in inboxes} == {"web", "line"}
    assert [len(one["autoReplySchedules"]) for one in inboxes if one["name"] == "Shop"] == [2]
    assert differences(caller.get("web-chats/").json(), [WEB_CHAT_ROW]) == []
    shown = caller.get(f"web-chats/{web_chat.pk}/").json()
    assert differences(shown, WEB_CHAT) == []
    assert (shown["displayGreeting"], shown["displayConversationStarters"]) == (
        "Hello.",
        ["Where is my parcel?"],
    )


def test_lists_cost_the_same_number_of_queries_however_long(django_assert_num_queries: Any) -> None:
    caller, organization = alices(), people.organization_of(people.alice())
    for number in range(30):
        Chatbot.objects.create(organization=organization, name=str(number))
        inbox = Inbox.objects.create(organization=organization, name=str(number))
        chatbot = people.chatbot_of(people.alice())
        WebChat.objects.create(organization=organization, inbox=inbox, chatbot=chatbot, name="x")
    caller.get("chatbots/")  # notes when the key was used
    for path, queries in (("chatbots/", 3), ("inboxes/", 3), ("web-chats/", 2)):
        with django_assert_num_queries(queries):
            assert caller.get(f"{path}?pageSize=30").status_code == 200
