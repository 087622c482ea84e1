"""The benchmark keeps working: a few streams of everything that it measures, and no figure is looked at."""

from __future__ import annotations

import pytest
import uvloop

from benchmarks import growth, table
from benchmarks.session import Plan, Round, idle_socket, measure
from benchmarks.tabs import Scenario
from benchmarks.targets import Parley, Target, target
from tests.simulator.process import SimulatorProcess

SMALL = Plan(
    paced=Scenario(tokens=10, rate=20),
    few=2,
    many=4,
    periods=1,
    unpaced=Scenario(tokens=100, rate=0),
    unpaced_streams=2,
    unpaced_seconds=0.5,
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


def test_the_cost_of_growth_is_measured_with_replies_and_with_messages(simulator: SimulatorProcess) -> None:
    scenario = Scenario(tokens=10, rate=20)
    with Parley(simulator.url, name="Parley", members=10, pages=True) as one:
        steps = uvloop.run(growth.by_streams(one, (1, 3), scenario))
        histories = growth.by_messages(one, (10, 50))
    assert [(step.figures.streams, step.figures.faults) for step in steps] == [(1, {}), (3, {})]
    assert [history.messages for history in histories] == [10, 50]
    assert all(history.first_token > 0 for history in histories)
