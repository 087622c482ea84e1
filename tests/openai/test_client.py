"""The chatbots through OpenAI's own Python client, against a live server."""

from __future__ import annotations

import json
from typing import Any
from uuid import UUID, uuid4

import openai
import pytest
import requests
from openai import OpenAI

from tests.api.contracts import CONVERSATION, MESSAGE, differences
from tests.harness.program import Program
from tests.harness.server import Server
from tests.services import wait_until
from tests.simulator.process import SimulatorProcess
from tests.simulator.text import expected_text

WORDS = "sim:tokens=30,seed=5"


def client_of(server: Server, name: str = "alice", *, prefix: str = "/v1") -> OpenAI:
    key = server.people[name]["key"]
    return OpenAI(base_url=server.origin + prefix, api_key=key, max_retries=0, timeout=30)


@pytest.fixture
def client(server: Server) -> OpenAI:
    return client_of(server)


@pytest.fixture
def model(server: Server) -> str:
    chatbot: str = server.people["alice"]["chatbot"]
    return chatbot


def user(content: Any) -> Any:
    return {"role": "user", "content": content}


@pytest.mark.parametrize("prefix", ["/v1", "/api/v1", "/v1/"])
def test_the_chatbots_are_the_models(server: Server, model: str, prefix: str) -> None:
    client = client_of(server, prefix=prefix)
    assert [one.id for one in client.models.list()] == [model]
    found = client.models.retrieve(model)
    assert (found.id, found.object) == (model, "model")
    assert client.models.retrieve("Home handbook").id == model
    with pytest.raises(openai.NotFoundError) as refused:
        client.models.retrieve(server.people["charlie"]["chatbot"])
    assert refused.value.code == "model_not_found"


def test_the_whole_answer(server: Server, client: OpenAI, model: str) -> None:
    answer = client.chat.completions.create(model=model, messages=[user(WORDS)], temperature=0.2)
    (choice,) = answer.choices
    assert (choice.message.content, choice.message.role) == (expected_text(30, 5), "assistant")
    assert (choice.finish_reason, answer.object, answer.model) == ("stop", "chat.completion", model)
    assert answer.usage
    assert answer.usage.total_tokens == answer.usage.prompt_tokens + answer.usage.completion_tokens
    assert answer.usage.completion_tokens > 0
    by_name = client.chat.completions.create(model="Home handbook", messages=[user(WORDS)])
    assert by_name.choices[0].message.content == choice.message.content


def test_a_stream_ends_with_its_reason_and_the_usage_if_it_is_asked_for(client: OpenAI, model: str) -> None:
    stream = client.chat.completions.create(
        model=model,
        messages=[user("sim:tokens=40,seed=2,rate=200")],
        stream=True,
        stream_options={"include_usage": True},
    )
    chunks = list(stream)
    *told, last = chunks
    texts = [chunk.choices[0].delta.content or "" for chunk in told]
    assert "".join(texts) == expected_text(40, 2)
    assert told[0].choices[0].delta.role == "assistant"
    assert [chunk.choices[0].finish_reason for chunk in told if chunk.choices[0].finish_reason] == ["stop"]
    assert len({chunk.id for chunk in chunks}) == 1
    assert not last.choices
    assert last.usage
    assert last.usage.completion_tokens > 0
    plain = client.chat.completions.create(model=model, messages=[user(WORDS)], stream=True)
    assert all(chunk.usage is None for chunk in plain)


def test_the_raw_stream_is_what_other_clients_expect(server: Server, model: str) -> None:
    body = {"model": model, "messages": [user(WORDS)], "stream": True}
    headers = {"Authorization": f"Bearer {server.people['alice']['key']}"}
    answer = requests.post(f"{server.origin}/v1/chat/completions/", json=body, headers=headers, timeout=30)
    assert answer.headers["Content-Type"] == "text/event-stream"
    *blocks, end = answer.text.split("\n\n")
    assert (blocks.pop(), end) == ("data: [DONE]", "")
    for block in blocks:
        chunk = json.loads(block.removeprefix("data: "))
        assert set(chunk["choices"][0]) == {"index", "delta", "logprobs", "finish_reason"}


def test_what_was_said_before_reaches_the_model_and_is_kept(
    server: Server, simulator: SimulatorProcess, client: OpenAI, model: str
) -> None:
    parts: Any = [{"type": "text", "text": "Who am I?"}, {"type": "text", "text": "sim:tokens=5"}]
    messages: list[Any] = [
        {"role": "system", "content": "Answer in verse."},
        user("I am Ada."),
        {"role": "assistant", "content": "Hello Ada."},
        {"role": "assistant", "content": ""},
        {"role": "user", "content": parts},
    ]
    answer = client.chat.completions.create(model=model, messages=messages)
    prompt = simulator.stats()["last_requests"][-1]["messages"]
    assert [(one["role"], one["content"]) for one in prompt] == [
        ("system", "Answer in verse."),
        ("user", "I am Ada."),
        ("assistant", "Hello Ada."),
        ("user", "Who am I?\nsim:tokens=5"),
    ]
    conversation = UUID(str(answer.model_extra and answer.model_extra["conversation_id"]))
    query = "SELECT type, content FROM chat_message WHERE conversation_id = ? ORDER BY position"
    assert server.rows(query, conversation.hex) == [
        ("incoming", "I am Ada."),
        ("outgoing", "Hello Ada."),
        ("incoming", "Who am I?\nsim:tokens=5"),
        ("outgoing", expected_text(5)),
    ]


def test_a_client_that_leaves_stops_the_reply(
    client: OpenAI, simulator: SimulatorProcess, model: str
) -> None:
    mark = uuid4().hex
    words = f"sim:tokens=500,rate=20 {mark}"
    with client.chat.completions.create(model=model, messages=[user(words)], stream=True) as stream:
        next(iter(stream))
    wait_until(lambda: simulator.left_early(mark))
    other = uuid4().hex
    with pytest.raises(openai.APITimeoutError):
        client.with_options(timeout=5).chat.completions.create(
            model=model, messages=[user(f"sim:tokens=500,rate=20 {other}")]
        )
    wait_until(lambda: simulator.left_early(other))


@pytest.mark.parametrize("stream", [False, True])
def test_a_model_that_fails_at_once_is_an_error_with_a_status(
    client: OpenAI, model: str, stream: bool
) -> None:
    with pytest.raises(openai.InternalServerError) as failed:
        client.chat.completions.create(model=model, messages=[user("sim:500")], stream=stream)
    assert (failed.value.status_code, failed.value.code) == (502, "upstream_error")


def test_a_model_that_fails_part_way_ends_the_stream_with_an_error(client: OpenAI, model: str) -> None:
    words = "sim:tokens=60,rate=50,cut_rst,after=10"
    stream = client.chat.completions.create(model=model, messages=[user(words)], stream=True)
    heard = []
    with pytest.raises(openai.APIError) as failed:
        heard.extend(stream)
    assert "".join(chunk.choices[0].delta.content or "" for chunk in heard) == expected_text(10)
    assert failed.value.code == "upstream_cut"


@pytest.mark.parametrize("key", ["", "nonsense", "pk_00000000_nonsense"])
def test_without_a_key_that_works_nothing_opens(server: Server, model: str, key: str) -> None:
    for scheme in ("Bearer ", "", "Basic "):
        headers = {"Authorization": scheme + key} if key else {}
        for answer in (
            requests.get(f"{server.origin}/v1/models", headers=headers, timeout=10),
            requests.post(f"{server.origin}/v1/chat/completions", json={}, headers=headers, timeout=10),
        ):
            assert answer.status_code == 401
            assert answer.headers["WWW-Authenticate"] == "Bearer"
            assert answer.json()["error"]["code"] == "invalid_api_key"


@pytest.mark.parametrize(
    ("change", "param", "status"),
    [
        ({"model": None}, "model", 400),
        ({"model": str(uuid4())}, None, 404),
        ({"model": "Elsewhere handbook"}, None, 404),
        ({"messages": []}, "messages", 400),
        ({"messages": "Hello"}, "messages", 400),
        ({"messages": [1]}, "messages[0].role", 400),
        ({"messages": [{"role": "tool", "content": "x"}, user("Hello")]}, "messages[0].role", 400),
        ({"messages": [user("Hello"), {"role": "assistant", "content": "Hi"}]}, "messages", 400),
        ({"messages": [{"role": "system", "content": "x"}]}, "messages", 400),
        ({"messages": [user([{"type": "image_url"}])]}, "messages[0].content", 400),
        ({"messages": [user({"text": "x"})]}, "messages[0].content", 400),
        ({"messages": [user("x" * 33_000)]}, None, 400),
        ({"messages": [user("a\u0000b")]}, None, 400),
        ({"messages": [user("")]}, None, 400),
        ({"n": 2}, "n", 400),
        ({"stream": "yes"}, "stream", 400),
    ],
)
def test_what_is_wrong_is_said_in_openais_words(
    server: Server, model: str, change: dict[str, Any], param: str | None, status: int
) -> None:
    body = {"model": model, "messages": [user("Hello")], **change}
    headers = {"Authorization": f"Bearer {server.people['alice']['key']}"}
    answer = requests.post(f"{server.origin}/v1/chat/completions", json=body, headers=headers, timeout=10)
    assert answer.status_code == status
    error = answer.json()["error"]
    assert (set(error), error["param"]) == ({"message", "type", "param", "code"}, param)


DEEP = b'{"a":' * 60 + b"1" + b"}" * 60


@pytest.mark.parametrize("raw", [b"", b"{", b"[]", b'"x"', b"[" * 5000, DEEP, b"\xff"])
def test_what_is_no_json_object_is_refused(server: Server, raw: bytes) -> None:
    headers = {"Authorization": f"Bearer {server.people['alice']['key']}"}
    answer = requests.post(f"{server.origin}/v1/chat/completions", data=raw, headers=headers, timeout=10)
    assert (answer.status_code, answer.json()["error"]["type"]) == (400, "invalid_request_error")
    large = requests.post(
        f"{server.origin}/v1/chat/completions", data=b" " * 1_100_000, headers=headers, timeout=10
    )
    assert large.status_code == 400
    wrong = requests.get(f"{server.origin}/v1/chat/completions", headers=headers, timeout=10)
    assert (wrong.status_code, wrong.headers["Allow"]) == (405, "POST")


def test_an_address_that_leads_nowhere_is_an_error_in_openais_shape(server: Server, client: OpenAI) -> None:
    with pytest.raises(openai.NotFoundError) as refused:
        client.embeddings.create(model="x", input="x")
    error = refused.value.response.json()["error"]
    assert set(error) == {"message", "type", "param", "code"}
    assert (error["type"], refused.value.code) == ("invalid_request_error", "not_found")


def test_a_key_that_only_reads_lists_models_and_asks_nothing(server: Server, model: str) -> None:
    query = "UPDATE chat_apikey SET scopes = ? WHERE name = 'bob'"
    assert server.execute(query, '["read"]') == 1
    reading = client_of(server, "bob")
    assert [one.id for one in reading.models.list()] == [model]
    with pytest.raises(openai.PermissionDeniedError):
        reading.chat.completions.create(model=model, messages=[user("Hello")])


def ask_both(server: Server, **more: Any) -> list[requests.Response]:
    """A question to alice's chatbot, on the face of MaiAgent and on this one."""
    program = Program(server)
    body = {"model": program.chatbot, "messages": [user("sim:tokens=1")], **more}
    url = f"{server.origin}/v1/chat/completions"
    spoken = requests.post(url, json=body, headers=program.headers(), timeout=30)
    return [program.ask("sim:tokens=1"), spoken]


def test_what_was_asked_for_nobody_reads_like_any_conversation(server: Server) -> None:
    def read(path: str) -> Any:
        headers = Program(server).headers()
        return requests.get(f"{server.origin}/api/{path}", headers=headers, timeout=10).json()

    begun = [answer.json()["conversation_id"] for answer in ask_both(server)]
    rows = {row["id"]: row for row in read("conversations/")["results"]}
    for id in begun:
        conversation = read(f"conversations/{id}/")
        assert differences(conversation, CONVERSATION) == []
        assert conversation == rows[id]
        messages = read(f"messages/?conversation={id}")["results"]
        assert differences(messages, [MESSAGE]) == []
        question = messages[-1]
        assert (question["type"], question["sender"]["name"]) == ("incoming", "anonymous")
        assert question["sender"]["id"] == UUID(conversation["contact"]["id"]).int


def test_a_reply_that_the_budget_of_the_day_refuses_says_for_how_long(server: Server, model: str) -> None:
    def budget(tokens: int | None) -> None:
        query = "UPDATE chat_webchat SET tokens_per_day = ? WHERE access_type = 'api' AND chatbot_id = ?"
        assert server.execute(query, tokens, UUID(model).hex) == 1

    ask_both(server)
    budget(1)
    try:
        refusals = [*ask_both(server), *ask_both(server, stream=True)[1:]]
    finally:
        budget(None)
    assert refusals[0].json()["code"] == "daily_limit"
    assert [one.json()["error"]["code"] for one in refusals[1:]] == ["insufficient_quota"] * 2
    for refused in refusals:
        assert refused.status_code == 429
        assert 0 < int(refused.headers["Retry-After"]) <= 24 * 3600
