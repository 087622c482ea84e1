"""A web chat that shows no sources: its visitors are not sent any, however they read a reply."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest

from tests.harness.guest import Guest, set_web_chat
from tests.harness.scene import run
from tests.harness.server import Server
from tests.harness.tab import Tab
from tests.simulator.process import SimulatorProcess

#: Of what the simulator's chatbot names as the source of its answer.
SECRET = "tide"
ASK = "sim:json200,tokens=9"


@pytest.fixture(scope="module")
def server(simulator: SimulatorProcess, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with Server(tmp_path_factory.mktemp("data"), simulator.url, **simulator.maiagent) as running:
        yield running


def show_sources(server: Server, shown: bool) -> None:
    options = json.dumps({"enableDisplayCitations": shown})
    set_web_chat(server, server.people["alice"]["webChat"], options=options)


async def read_in_all_ways(guest: Guest, conversation: str = "", reply: str = "") -> tuple[str, str, str]:
    """All that comes of a new reply, or of one that is over: frames and history; and its names."""
    if reply:
        await guest.say("open", conversation=conversation, reply=reply, after=0)
    else:
        message = (await guest.send(ASK))["message"]
        conversation, reply = message["conversation"], message["reply"]["id"]
    heard = await guest.ended(reply)
    assert [node["number"] for node in heard.citations] == [1]
    status, page = guest.ask(f"conversations/{conversation}/messages")
    assert status == 200
    return json.dumps([guest.frames, page]), conversation, reply


def test_what_a_reply_rests_on_is_sent_where_the_web_chat_shows_it_and_nowhere_else(server: Server) -> None:
    async def scene() -> None:
        show_sources(server, True)
        async with Guest(server) as guest:
            sent, conversation, reply = await read_in_all_ways(guest)
            assert sent.count(f"{SECRET}s.pdf") >= 2
        show_sources(server, False)
        async with Guest(server, token=guest.token) as again:
            sent, *_ = await read_in_all_ways(again, conversation, reply)
            assert SECRET not in sent
            assert '"citations": [], "citationNodes": [{"number": 1}]' in sent
        async with Guest(server) as new:
            sent, *_ = await read_in_all_ways(new)
            assert SECRET not in sent
        async with Tab(server, "alice") as tab:
            heard = await tab.ended((await tab.send(ASK))["message"]["reply"]["id"])
            assert SECRET in json.dumps(heard.citations)

    run(scene())
