from __future__ import annotations

import asyncio

import pytest

from chat.completions.deltas import Endpoint, Finish, Prompt, Source, Turn, Usage
from chat.completions.http import aclose_client, client
from tests.completions.asking import ask, ask_all, question, read, with_client
from tests.simulator import SimulatorProcess, expected_text
from tests.simulator.script import THOUGHT_SEED

DIALECTS = ["openai", "ollama", "vllm", "llamacpp", "litellm", "openrouter"]


@pytest.mark.parametrize("dialect", DIALECTS)
def test_every_dialect_gives_the_exact_text(simulator: SimulatorProcess, dialect: str) -> None:
    reply = ask(simulator.url, f"sim:tokens=400,seed=3,reasoning=5,dialect={dialect}")
    assert (reply.text, reply.thought) == (expected_text(400, 3), expected_text(5, THOUGHT_SEED))
    assert (reply.usage, reply.finish, reply.error) == (Usage(7, 400), Finish("stop"), None)


def test_a_paced_reply_comes_token_by_token(simulator: SimulatorProcess) -> None:
    reply = ask(simulator.url, "sim:tokens=30,seed=4,rate=15")
    assert reply.text == expected_text(30, 4)
    assert reply.reads > 5
    assert reply.seconds > 1.5


def test_characters_that_arrive_byte_by_byte_are_whole(simulator: SimulatorProcess) -> None:
    text = "聊天室 😀 é " * 20
    assert ask(simulator.url, "sim:echo,chunk=1", text).text == text


def test_thoughts_inline_are_kept_apart(simulator: SimulatorProcess) -> None:
    reply = ask(simulator.url, "sim:tokens=20,seed=5,think=12")
    assert reply.text == expected_text(20, 5)
    assert reply.thought == expected_text(12, THOUGHT_SEED)


def test_what_is_asked_is_what_the_endpoint_gets(simulator: SimulatorProcess) -> None:
    prompt = Prompt(
        (Turn("user", "Hi"), Turn("assistant", "Hello!"), Turn("user", "Which colour has the lamp?")),
        "Be brief.",
        (Source(1, "Guide", "Lamps", "The lamp is green.", 1.0),),
    )
    endpoint = Endpoint("openai", simulator.url + "/", "sk-test-key", "sim:tokens=3,seed=11")
    asyncio.run(with_client(read(endpoint, prompt)))
    asked = simulator.stats()["last_requests"][-1]
    assert asked["stream"] is True
    assert asked["stream_options"] == {"include_usage": True}
    assert [message["role"] for message in asked["messages"]] == ["system", "user", "assistant", "user"]
    assert "[1] Guide › Lamps\nThe lamp is green." in asked["messages"][0]["content"]


def test_a_server_without_stream_options_is_asked_again_and_remembered(simulator: SimulatorProcess) -> None:
    model = "sim:noStreamOptions,tokens=5,seed=6"
    before = simulator.stats()["total"]
    first = ask(simulator.url, model)
    assert (first.text, first.usage, first.error) == (expected_text(5, 6), None, None)
    assert simulator.stats()["total"] == before + 2
    assert ask(simulator.url, model).text == expected_text(5, 6)
    assert simulator.stats()["total"] == before + 3


def test_of_many_first_requests_to_such_a_server_each_is_asked_again(simulator: SimulatorProcess) -> None:
    models = ["sim:noStreamOptions,tokens=5,seed=7"] * 10
    replies = ask_all(simulator.url, models)
    assert [(reply.text, reply.error) for reply in replies] == [(expected_text(5, 7), None)] * 10


def test_a_server_that_does_not_stream_is_understood(simulator: SimulatorProcess) -> None:
    reply = ask(simulator.url, "sim:json200,tokens=40,seed=8")
    assert (reply.text, reply.usage, reply.finish) == (expected_text(40, 8), Usage(7, 3), Finish("stop"))


def test_the_connection_of_a_complete_reply_serves_the_next(simulator: SimulatorProcess) -> None:
    async def five_times() -> int:
        endpoint = Endpoint("openai", simulator.url, "", "sim:tokens=20,seed=9,rate=200")
        before: int = simulator.stats()["connections"]
        for _ in range(5):
            reply = await read(endpoint, question())
            assert reply.finish == Finish("stop")
        after: int = simulator.stats()["connections"]
        return after - before

    assert asyncio.run(with_client(five_times())) == 1


def test_two_hundred_streams_at_once_need_no_queue(simulator: SimulatorProcess) -> None:
    async def many() -> None:
        endpoint = Endpoint("openai", simulator.url, "", "sim:tokens=20,seed=12,rate=20")
        replies = await asyncio.gather(*(read(endpoint, question(str(n))) for n in range(200)))
        assert {reply.text for reply in replies} == {expected_text(20, 12)}
        assert {reply.code for reply in replies} == {""}

    asyncio.run(with_client(many()))
    assert simulator.stats()["peak"] >= 200


def test_each_loop_has_one_client() -> None:
    async def main() -> None:
        first = client()
        assert client() is first
        await aclose_client()
        assert client() is not first
        await aclose_client()
        await aclose_client()

    asyncio.run(main())


def test_no_cookie_goes_from_one_reply_to_the_next(simulator: SimulatorProcess) -> None:
    async def thrice() -> None:
        for _ in range(3):
            await read(Endpoint("openai", simulator.url, "", "sim:tokens=2,seed=13"), question())

    before = simulator.stats()["cookies"]
    asyncio.run(with_client(thrice()))
    assert simulator.stats()["cookies"] == before


def test_busy_is_tried_again_after_the_time_it_names(simulator: SimulatorProcess) -> None:
    reply = ask(simulator.url, "sim:429,times=1,retry_after=1,tokens=5,seed=21")
    assert (reply.text, reply.error) == (expected_text(5, 21), None)
    assert reply.seconds >= 1


def test_a_server_that_is_starting_is_tried_again(simulator: SimulatorProcess) -> None:
    reply = ask(simulator.url, "sim:503,times=1,tokens=5,seed=22")
    assert (reply.text, reply.error) == (expected_text(5, 22), None)


def test_busy_for_long_is_said_at_once_with_the_time(simulator: SimulatorProcess) -> None:
    reply = ask(simulator.url, "sim:429,retry_after=90,seed=23")
    assert (reply.code, getattr(reply.error, "retry_after", None)) == ("upstream_busy", 90)
    assert reply.seconds < 5


@pytest.mark.parametrize(("fault", "key"), [("401", "upstream said"), ("error_event", "out of memory")])
def test_an_error_that_repeats_the_key_is_noted_without_it(
    simulator: SimulatorProcess, fault: str, key: str
) -> None:
    assert key in getattr(ask(simulator.url, f"sim:fault={fault}").error, "detail", "")
    assert key not in getattr(ask(simulator.url, f"sim:fault={fault}", key=key).error, "detail", key)


def test_a_key_that_no_header_can_carry_is_a_named_error(simulator: SimulatorProcess) -> None:
    assert ask(simulator.url, "sim:tokens=1", key="schlüssel\n☃").code == "upstream_error"
