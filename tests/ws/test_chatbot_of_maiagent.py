"""A chatbot of MaiAgent behind a real server: one conversation there for each of ours."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from tests.harness.scene import run
from tests.harness.server import Server
from tests.harness.tab import Tab
from tests.simulator.process import SimulatorProcess
from tests.simulator.text import expected_text


@pytest.fixture(scope="module")
def server(simulator: SimulatorProcess, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with Server(tmp_path_factory.mktemp("data"), simulator.url, **simulator.maiagent) as running:
        yield running


def known_as(server: Server, conversation: str) -> tuple[Any, ...]:
    return server.rows(
        "SELECT upstream_chatbot, upstream_conversation FROM chat_conversation WHERE id = ?",
        conversation.replace("-", ""),
    )[0]


async def said(tab: Tab, content: str, conversation: str | None = None) -> tuple[str, str]:
    """Ask and wait for the whole reply: the conversation and the text."""
    sent = (await tab.send(content, conversation=conversation))["message"]
    heard = await tab.ended(sent["reply"]["id"])
    assert heard.status == "complete"
    return sent["conversation"], heard.text


def test_each_turn_goes_on_in_the_upstreams_own_conversation(
    server: Server, simulator: SimulatorProcess
) -> None:
    async def scene() -> None:
        async with Tab(server, "alice") as tab:
            ours, text = await said(tab, "sim:tokens=30,seed=61")
            assert text == expected_text(30, 61)
            chatbot, theirs = known_as(server, ours)
            assert chatbot == "4c1e"
            await said(tab, "And then? sim:tokens=3", ours)
            asked = simulator.stats()["last_requests"][-1]
            assert asked["conversation"] == theirs
            assert asked["message"] == {"content": "And then? sim:tokens=3"}
            assert server.rows("SELECT DISTINCT provider, model FROM chat_reply") == [("maiagent", "4c1e")]

    run(scene())


def test_it_is_told_which_of_its_documents_it_may_use(server: Server, simulator: SimulatorProcess) -> None:
    async def scene() -> None:
        async with Tab(server, "alice") as tab:
            said = {"knowledge_bases": [], "source": "newsletter"}
            sent = (await tab.send("sim:tokens=3", queryMetadata=said))["message"]
            assert (await tab.ended(sent["reply"]["id"])).status == "complete"
            assert simulator.stats()["last_requests"][-1]["message"]["queryMetadata"] == said

    run(scene())


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE chat_conversation SET upstream_conversation = 'of an earlier time'",
        "UPDATE chat_conversation SET upstream_chatbot = 'of an earlier time'",
    ],
)
def test_a_conversation_that_is_forgotten_there_or_is_anothers_begins_anew(
    server: Server, change: str
) -> None:
    async def scene() -> None:
        async with Tab(server, "alice") as tab:
            ours, _ = await said(tab, "sim:tokens=3")
            before = known_as(server, ours)
            server.execute(change)
            _, text = await said(tab, "sim:tokens=5,seed=62", ours)
            assert text == expected_text(5, 62)
            chatbot, theirs = known_as(server, ours)
            assert chatbot == "4c1e"
            assert theirs not in (before[1], "of an earlier time")

    run(scene())


def test_a_stopped_reply_has_its_conversation_too(server: Server) -> None:
    async def scene() -> None:
        async with Tab(server, "alice") as tab:
            sent = (await tab.send("sim:tokens=400,rate=20"))["message"]
            reply = sent["reply"]["id"]
            await tab.wait(lambda: reply in tab.heard and tab.heard[reply].text)
            await tab.say("stop", reply=reply)
            assert (await tab.ended(reply)).status == "stopped"
            assert known_as(server, sent["conversation"])[1]

    run(scene())


def test_the_documents_that_it_names_are_the_sources_of_the_reply(server: Server) -> None:
    async def scene() -> None:
        async with Tab(server, "alice") as tab:
            sent = (await tab.send("sim:json200,tokens=9"))["message"]
            heard = await tab.ended(sent["reply"]["id"])
            [node] = heard.citations
            assert node["chatbotTextNode"]["filename"] == "tides.pdf"
        stored = server.rows(
            "SELECT citations, citation_nodes FROM chat_message WHERE citation_nodes <> '[]'"
        )
        assert "https://files.example/tides.pdf" in str(stored)
        assert "The tide turns" in str(stored)

    run(scene())
