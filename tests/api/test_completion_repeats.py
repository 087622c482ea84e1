"""The same question again, with its ``Idempotency-Key``: one reply, and who repeats it reads along."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from uuid import UUID, uuid4

import pytest

from tests.harness.program import Program
from tests.harness.server import Server
from tests.simulator.process import SimulatorProcess
from tests.simulator.text import expected_text


@pytest.fixture
def alice(server: Server) -> Program:
    return Program(server)


def test_a_repeat_with_the_same_key_reads_the_same_reply_also_while_it_runs(
    alice: Program, simulator: SimulatorProcess
) -> None:
    headers = {"Idempotency-Key": uuid4().hex}
    words, text = f"sim:tokens=60,seed=9,rate=60 {uuid4()}", expected_text(60, 9)
    with alice.stream(words, headers=headers) as first:
        first.hear(2)
        with alice.stream(words, headers=headers) as second, ThreadPoolExecutor() as pool:
            whole = pool.submit(alice.ask, words, headers=headers)
            assert second.rest().text == first.rest().text == text
            assert whole.result().json()["content"] == text
    again = alice.ask(words, headers=headers).json()
    assert (again["content"], again["conversationId"]) == (text, first.heard.last["conversationId"])
    assert again["messageId"] == first.heard.last["messageId"]
    asked = [one for one in simulator.stats()["requests"] if words in one["key"]]
    assert len(asked) == 1


def test_the_same_request_ten_times_at_once_is_one_reply(alice: Program, simulator: SimulatorProcess) -> None:
    words, headers = f"sim:tokens=20,rate=40 {uuid4()}", {"Idempotency-Key": uuid4().hex}
    with ThreadPoolExecutor(10) as pool:
        answers = list(pool.map(lambda _: alice.ask(words, headers=headers), range(10)))
    assert {answer.status_code for answer in answers} == {200}
    assert len({answer.text for answer in answers}) == 1
    assert len([one for one in simulator.stats()["requests"] if words in one["key"]]) == 1


def test_a_repeat_asks_again_when_the_time_has_come_that_the_first_one_named(
    server: Server, alice: Program, simulator: SimulatorProcess
) -> None:
    words, headers = f"sim:429,retry_after=600,times=1,tokens=9 {uuid4()}", {"Idempotency-Key": uuid4().hex}
    busy, too_early = alice.ask(words, headers=headers), alice.ask(words, headers=headers)
    assert (busy.status_code, too_early.status_code) == (503, 503)
    assert 0 < int(too_early.headers["Retry-After"]) <= int(busy.headers["Retry-After"])
    conversation = UUID(busy.json()["conversationId"]).hex
    server.execute("UPDATE chat_reply SET retry_at = queued_at WHERE conversation_id = ?", conversation)
    with ThreadPoolExecutor(5) as pool:
        answers = list(pool.map(lambda _: alice.ask(words, headers=headers), range(5)))
    assert {answer.status_code for answer in answers} == {200}
    assert len({answer.text for answer in answers}) == 1
    assert answers[0].json()["content"] == expected_text(9)
    assert len([one for one in simulator.stats()["requests"] if words in one["key"]]) == 2
    count = "SELECT count(*) FROM chat_message WHERE conversation_id = ? AND NOT superseded"
    assert server.rows(count, conversation) == [(2,)]


def test_another_body_with_the_same_key_is_refused_and_another_key_is_another_request(
    server: Server, alice: Program
) -> None:
    key = uuid4().hex
    headers = {"Idempotency-Key": key}
    first = alice.ask("sim:tokens=5", headers=headers).json()
    other = alice.ask("sim:tokens=6", headers=headers)
    assert other.status_code == 422
    assert "Idempotency-Key" in other.json()["detail"]
    charlies = Program(server, "charlie").ask("sim:tokens=5", headers=headers).json()
    assert charlies["conversationId"] != first["conversationId"]
