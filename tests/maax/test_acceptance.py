"""What a company's program does with MAAX's API, from the first conversation to its history, against a real
server whose worker asks the simulator."""

from __future__ import annotations

import hashlib
import json
from concurrent.futures import ThreadPoolExecutor
from uuid import uuid4

import pytest
import requests

from tests.harness.server import Server
from tests.maax.calling import ADA, SALES, SUPPORT, Caller


def new_key(server: Server, username: str) -> str:
    """A key of the person's organization."""
    key = f"pk_test_{uuid4().hex}"
    server.execute(
        "INSERT INTO chat_apikey (id, organization_id, name, prefix, digest, scopes, created_at)"
        " SELECT ?, organization_id, 'maax', 'pk_test', ?, '[]', created_at"
        " FROM chat_chatbot WHERE id = ?",
        uuid4().hex,
        hashlib.sha256(key.encode()).hexdigest(),
        server.people[username]["chatbot"].replace("-", ""),
    )
    return key


@pytest.fixture(scope="module")
def caller(server: Server) -> Caller:
    return Caller(server.origin, new_key(server, "alice"))


def test_a_prospects_questions_from_the_first_to_the_history(server: Server, caller: Caller) -> None:
    created = caller.create(prospect_info=ADA)
    assert created.status_code == 200, created.text
    conversation = created.json()["conversation_id"]
    assert type(conversation) is int

    asked = caller.initiate(
        conversation_id=conversation, message_content="When? sim:echo,pause=5", platform="website"
    )
    assert asked.status_code == 200, asked.text
    first = asked.json()["incoming_message_id"]
    assert type(first) is int
    pending = caller.retrieve(incoming_message_id=first, service_type=SUPPORT)
    assert (pending.status_code, pending.json()) == (200, {"answer": "", "status": "pending"})
    history = caller.history(conversation_id=conversation).json()["messages_in_conversation"]
    assert [one["role"] for one in history] == ["prospect"]
    ready = {"answer": "When? sim:echo,pause=5", "status": "ready"}
    assert caller.answer(first) == ready
    assert caller.answer(first) == ready

    again = caller.initiate(
        prospect_info=json.dumps(ADA),
        message_content="**Now?** sim:echo",
        platform="email",
        output_format="html",
        service_type=SUPPORT,
    )
    second = again.json()["incoming_message_id"]
    assert caller.answer(second) == {
        "answer": "<p><strong>Now?</strong> sim:echo</p>\n",
        "status": "ready",
    }
    history = caller.history(conversation_id=conversation, service_type=SUPPORT).json()
    shown = [(one["role"], one["content"]) for one in history["messages_in_conversation"]]
    assert shown == [
        ("prospect", "When? sim:echo,pause=5"),
        ("ai", "When? sim:echo,pause=5"),
        ("prospect", "**Now?** sim:echo"),
        ("ai", "<p><strong>Now?</strong> sim:echo</p>\n"),
    ]
    newest = history["messages_in_conversation"][-1]
    assert newest.keys() == {"id", "role", "content", "platform", "output_format", "created_at"}
    assert (newest["platform"], newest["output_format"]) == ("email", "html")
    assert server.rows("SELECT count(*) FROM chat_contact WHERE email = 'ada@example.com'") == [(1,)]

    assert caller.retrieve(incoming_message_id=first, service_type=SALES).status_code == 403
    assert caller.history(conversation_id=conversation, service_type=SALES).status_code == 403


def test_what_is_refused(server: Server, caller: Caller) -> None:
    message = caller.initiate(prospect_info=ADA, message_content="sim:tokens=1", platform="sms").json()
    asked = {"incoming_message_id": message["incoming_message_id"], "service_type": SUPPORT}
    for nobody in (Caller(server.origin, None), Caller(server.origin, "pk_wrong")):
        response = nobody.retrieve(**asked)
        assert response.status_code == 401
        assert response.headers["WWW-Authenticate"]
        assert set(response.json()) == {"error"}
    theirs = Caller(server.origin, new_key(server, "charlie"))
    foreign, absent = theirs.retrieve(**asked), theirs.retrieve(**asked | {"incoming_message_id": 1})
    assert foreign.status_code == absent.status_code == 403
    assert foreign.content == absent.content
    posted = caller.call("POST", "get_conversations_history/", json={})
    assert (posted.status_code, posted.json()) == (405, {"error": "Invalid request method"})
    missing = caller.initiate(prospect_info=ADA, platform="email")
    assert missing.status_code == 400
    assert missing.json()["fields"].keys() == {"message_content"}


def test_a_reply_that_fails_says_so(caller: Caller) -> None:
    alan = {"email": "alan@example.com"}
    asked = caller.initiate(prospect_info=alan, message_content="sim:cut_rst,after=3", platform="website")
    assert caller.answer(asked.json()["incoming_message_id"]) == {"answer": "", "status": "failed"}


def test_one_new_person_at_the_same_moment_is_one_prospect_with_one_conversation(
    server: Server, caller: Caller
) -> None:
    def ask(number: int) -> requests.Response:
        spelled = "Grace@Example.com" if number % 2 else "grace@example.com"
        return caller.initiate(
            prospect_info={"email": spelled}, message_content="sim:tokens=1", platform="sms"
        )

    with ThreadPoolExecutor(8) as threads:
        statuses = [response.status_code for response in threads.map(ask, range(8))]
    assert statuses == [200] * 8
    found = "FROM chat_conversation JOIN chat_contact ON chat_contact.id = contact_id WHERE email = ?"
    assert server.rows(f"SELECT last_position {found}", "grace@example.com") == [(16,)]
    assert server.rows("SELECT count(*) FROM chat_contact WHERE email = ?", "grace@example.com") == [(1,)]
