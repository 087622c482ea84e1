"""The same request made many times at once with one ``Idempotency-Key``, through one process and two."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from itertools import cycle, islice
from typing import NamedTuple
from uuid import uuid4

import pytest
import requests

from tests.harness.program import Json, Program
from tests.harness.scale import scaled
from tests.harness.server import Server
from tests.maax.calling import ADA
from tests.services import wait_until
from tests.simulator.process import SimulatorProcess

pytestmark = pytest.mark.fault
ROUNDS = scaled(50, 3)
AT_ONCE = 20


class Route(NamedTuple):
    """Where a program says something in a conversation, and how."""

    path: Callable[[Program], str]
    body: Callable[[str, str], Json]
    status: int = 201
    replies: int = 1


def completions(program: Program) -> str:
    return f"/api/chatbots/{program.chatbot}/completions/"


def message(conversation: str, content: str) -> Json:
    return {"conversation": conversation, "content": content}


ROUTES = {
    "a first question": Route(completions, lambda _, content: {"message": {"content": content}}, 200),
    "a question": Route(
        completions,
        lambda conversation, content: {"conversation": conversation, "message": {"content": content}},
        200,
    ),
    "a message": Route(lambda _: "/api/messages/", message),
    "an outgoing message": Route(lambda _: "/api/messages/outgoing/", message, replies=0),
    # Of a prospect whom nobody knows before it.
    "a prospect's question": Route(
        lambda _: "/api/initiate_answer_generation/",
        lambda _, content: {
            "message_content": content,
            "platform": "email",
            "prospect_info": ADA | {"email": f"{content.split()[-1]}@example.com"},
        },
        200,
    ),
}


def ask(program: Program, route: Route, body: Json, key: str) -> requests.Response:
    headers = program.headers(Idempotency_Key=key) | {"2hd-api-key": program.key}
    return requests.post(program.server.origin + route.path(program), json=body, headers=headers, timeout=60)


def at_once(servers: list[Server], route: Route, bodies: list[Json]) -> list[requests.Response]:
    """The answers to twenty requests with one key, of these bodies in turn."""
    programs, key = islice(cycle(map(Program, servers)), AT_ONCE), uuid4().hex
    with ThreadPoolExecutor(AT_ONCE) as pool:
        return list(pool.map(lambda *asked: ask(asked[0], route, asked[1], key), programs, cycle(bodies)))


@pytest.fixture(scope="module")
def conversation(servers: list[Server]) -> str:
    return str(Program(servers[0]).ask("sim:tokens=1").json()["conversationId"])


@pytest.mark.parametrize("name", ROUTES)
def test_a_request_made_twenty_times_at_once_is_stored_and_answered_once(
    servers: list[Server], simulator: SimulatorProcess, conversation: str, name: str
) -> None:
    route, mark = ROUTES[name], uuid4().hex
    query = (
        "SELECT id, (SELECT count(*) FROM chat_reply WHERE incoming_id = chat_message.id)"
        " FROM chat_message WHERE content = ?"
    )
    for number in range(ROUNDS):
        content = f"sim:tokens=1 {mark}-{number}"
        answers = at_once(servers, route, [route.body(conversation, content)])
        assert {answer.status_code for answer in answers} == {route.status}
        assert len({answer.content for answer in answers}) == 1
        assert [replies for _id, replies in servers[0].rows(query, content)] == [route.replies]
    complete = (
        "SELECT count(*) FROM chat_reply WHERE state = 'complete' AND incoming_id IN"
        " (SELECT id FROM chat_message WHERE content LIKE ?)"
    )
    expected = ROUNDS * route.replies
    wait_until(lambda: servers[0].rows(complete, f"%{mark}%") == [(expected,)], seconds=120)
    assert len([one for one in simulator.stats()["requests"] if mark in one["key"]]) == expected


@pytest.mark.parametrize("name", ROUTES)
def test_of_two_requests_made_at_once_with_one_key_one_is_refused(
    servers: list[Server], conversation: str, name: str
) -> None:
    route = ROUTES[name]
    query = "SELECT count(*) FROM chat_message WHERE content LIKE ?"
    for _ in range(ROUNDS):
        mark = uuid4().hex
        # Each of the two to each of two servers.
        answers = at_once(
            servers, route, [route.body(conversation, f"sim:tokens=1 {mark}-{one}") for one in "aabb"]
        )
        told = [
            {answer.status_code for number, answer in enumerate(answers) if number // 2 % 2 == one}
            for one in (0, 1)
        ]
        assert sorted(told, key=max) == [{route.status}, {422}]
        assert len({answer.content for answer in answers}) == 2
        assert servers[0].rows(query, f"%{mark}%") == [(1,)]


@pytest.mark.parametrize("name", ["a question", "a message"])
def test_a_file_that_comes_with_all_of_them_is_sent_once(
    servers: list[Server], conversation: str, name: str
) -> None:
    route, program = ROUTES[name], Program(servers[0])
    for _ in range(ROUNDS):
        mark = uuid4().hex
        uploaded = requests.post(
            f"{servers[0].origin}/api/attachments/",
            files={"file": ("sea.txt", mark.encode(), "text/plain")},
            headers=program.headers(),
            timeout=60,
        ).json()
        body = route.body(conversation, f"sim:tokens=1 {mark}")
        body.get("message", body)["attachments"] = [uploaded["id"]]
        answers = at_once(servers, route, [body])
        assert {answer.status_code for answer in answers} == {route.status}
        # Each answer has a link of its own to the file.
        told = [answer.json() for answer in answers]
        assert len({(one.get("messageId"), one.get("id")) for one in told}) == 1
        query = "SELECT message_id FROM chat_attachment WHERE id = ? AND message_id IS NOT NULL"
        assert len(servers[0].rows(query, uploaded["id"].replace("-", ""))) == 1


def test_what_was_sent_to_one_route_is_another_request_at_the_next(
    servers: list[Server], conversation: str
) -> None:
    for first in ROUTES.values():
        content, key = f"sim:tokens=1 {uuid4().hex}", uuid4().hex
        assert ask(Program(servers[0]), first, first.body(conversation, content), key).ok
        for route in ROUTES.values():
            again = ask(Program(servers[-1]), route, route.body(conversation, content), key)
            assert again.status_code == (first.status if route is first else 422)
        assert servers[0].rows("SELECT count(*) FROM chat_message WHERE content = ?", content) == [(1,)]
