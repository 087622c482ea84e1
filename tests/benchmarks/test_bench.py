"""The benchmark keeps working: a few streams of everything that it measures, and no figure is looked at."""

from __future__ import annotations

import dataclasses

import pytest
import uvloop

from benchmarks import growth, lists, table
from benchmarks.session import Plan, Round, idle_socket, measure
from benchmarks.tabs import Scenario
from benchmarks.targets import Parley, Target, target
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
    with target(key, simulator.url, "") as one:
        small_round(one)


def test_every_token_arrives_through_the_product_and_stands_in_the_table(simulator: SimulatorProcess) -> None:
    with Parley(simulator.url, name="Parley", members=10) as one:
        result = table.Result("parley", one.name, [small_round(one)], [uvloop.run(idle_socket(one, SMALL))])
    assert "| Parley |" in table.markdown({"parley": result})
    assert "pass  nothing lost: nothing" in table.budgets({"parley": result})
    slow = table.Result("postgresql", "PostgreSQL", [dataclasses.replace(result.rounds[0], held=599)])
    assert "MISS  600 streams held: 599" in table.budgets({"parley": result, "postgresql": slow})


def test_the_cost_of_growth_is_measured_with_replies_and_with_messages(simulator: SimulatorProcess) -> None:
    scenario = Scenario(tokens=10, rate=20)
    with Parley(simulator.url, name="Parley", members=10, pages=True) as one:
        steps = uvloop.run(growth.by_streams(one, (1, 3), scenario))
        histories = growth.by_messages(one, (10, 50))
    assert [(step.figures.streams, step.figures.faults) for step in steps] == [(1, {}), (3, {})]
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
