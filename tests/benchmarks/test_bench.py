"""The benchmark keeps working: a few streams of everything that it measures, and no figure is looked at."""

from __future__ import annotations

import dataclasses

import pytest
import uvloop

from benchmarks import growth, lists, table
from benchmarks.profile import tables
from benchmarks.session import Plan, Round, idle_socket, measure
from benchmarks.tabs import Scenario
from benchmarks.targets import Parley, Target, relay
from tests.simulator.process import SimulatorProcess

SMALL = Plan(
    paced=Scenario(tokens=40, rate=20),
    few=2,
    many=4,
    periods=1,
    unpaced=Scenario(tokens=100, rate=0),
    unpaced_streams=2,
    unpaced_seconds=3,
    limit=False,
    idle=3,
    settle=0.5,
)


def small_round(one: Target) -> Round:
    found = uvloop.run(measure(one, SMALL))
    for figures in (found.few, found.many, found.unpaced):
        assert figures.faults == {}
        assert figures.books.ended > 0
        assert figures.books.tokens > 0
    assert [found.few.streams, found.many.streams] == [2, 4]
    return found


@pytest.mark.parametrize("key", ["bare", "framework", "plain"])
def test_every_token_arrives_through_a_relay(key: str, simulator: SimulatorProcess) -> None:
    with relay(key, simulator.url) as one:
        small_round(one)


def test_every_token_arrives_through_the_product_and_stands_in_the_table(simulator: SimulatorProcess) -> None:
    with Parley(simulator.url, name="Parley", members=10) as one:
        result = table.Result("parley", one.name, [small_round(one)], [uvloop.run(idle_socket(one, SMALL))])
    assert "| Parley |" in table.markdown({"parley": result})
    assert "pass  nothing lost: nothing" in table.budgets({"parley": result})
    slow = table.Result("postgresql", "PostgreSQL", [dataclasses.replace(result.rounds[0], held=599)])
    slow_with_redis = table.Result("production", "PostgreSQL and Redis", slow.rounds)
    budgets = table.budgets({"parley": result, "postgresql": slow, "production": slow_with_redis})
    assert budgets.count("MISS  600 streams held: 599") == 2


def test_the_cost_of_growth_is_measured_with_replies_and_with_messages(simulator: SimulatorProcess) -> None:
    scenario = Scenario(tokens=10, rate=20)
    with Parley(simulator.url, name="Parley", members=10, pages=True) as one:
        alone, several = (uvloop.run(growth.at_streams(one, number, scenario)) for number in (1, 3))
        histories = growth.by_messages(one, (10, 50))
    assert [(step.figures.streams, step.figures.faults) for step in (alone, several)] == [(1, {}), (3, {})]
    assert alone.reply is None
    assert several.reply is not None
    assert growth.streams_table([alone, several]).count("\n") == 3
    assert [history.messages for history in histories] == [10, 50]
    assert all(history.first_token > 0 for history in histories)


def test_the_cost_of_lists_is_measured_on_pages_and_on_an_export() -> None:
    found = lists.lists(Parley("", name="Parley", members=1), conversations=130, messages=40, far=2)
    assert [pages.name for pages in found.pages] == ["conversations", "messages", "messages, by number"]
    assert all(pages.ratio > 0 for pages in found.pages)
    assert found.export
    assert found.export.records == 520
    assert 0 < found.export.memory < lists.EXPORT_MEMORY
    assert "| Parley | 520 |" in lists.exports_table([found])


def test_a_profile_is_summed_up_by_the_parts_of_the_server() -> None:
    loop = "<module> (manage.py:1);AsyncioSelectorReactor.run (twisted/internet/asyncioreactor.py:255)"
    feed = f"{loop};Decoder.feed (chat/completions/decoder.py:81)"
    samples = [
        f"{loop} 10",
        f"{loop};callWithLogger (twisted/python/log.py:85) 9",
        f"{feed} 50",
        f"{feed};loads (json/__init__.py:299) 20",
        f"{feed};ResponseHandler.data_received (aiohttp/client_proto.py:316) 111",
        "Thread.run (threading.py:971) 1",
    ]
    printed = tables("\n".join(samples)).splitlines()
    assert "  55.2%  ResponseHandler.data_received (aiohttp/client_proto.py:316)" in printed
    assert printed[-6:] == [
        "| --- | --- | --- |",
        "| aiohttp, httpx | 55.2% | `ResponseHandler.data_received` 55.2% |",
        "| `chat.completions` | 34.8% | `Decoder.feed` 34.8% |",
        "| event loop | 5.0% | `AsyncioSelectorReactor.run` 5.0% |",
        "| Daphne, Autobahn, Twisted | 4.5% | `callWithLogger` 4.5% |",
        "| everything else | 0.5% |  |",
    ]
