"""The soak keeps working, for twenty seconds; whether memory grows is for ``make soak`` to say."""

from __future__ import annotations

import os
import sys

import uvloop

from benchmarks import soak
from benchmarks.running import product
from benchmarks.targets import Parley
from tests.harness.cluster import on_postgresql
from tests.simulator.process import SimulatorProcess


def test_people_who_lose_the_connection_stop_and_retry_are_told_every_character() -> None:
    with SimulatorProcess() as alone, Parley(alone.url, name="Parley", members=10) as one:
        small_soak([one], alone)


@on_postgresql
def test_two_processes_tell_every_character_to_whoever_goes_from_one_to_the_other() -> None:
    where = {"server": os.environ["DATABASE_URL"], "python": sys.executable}
    with (
        SimulatorProcess() as alone,
        product("production", alone.url, processes=2, members=10, **where) as servers,
    ):
        report = small_soak(servers, alone)
    assert report.done["cut"] > 0
    assert all(any(one.processes[number].people for one in report.samples) for number in range(2))
    assert all(held.database > 0 for one in report.samples for held in one.processes)


def small_soak(servers: list[Parley], simulator: SimulatorProcess) -> soak.Report:
    report = uvloop.run(soak.soak(servers, simulator, people=10, minutes=1 / 3))
    assert [text for passed, text in report.correct() if not passed] == []
    assert report.done["complete"] > 0
    assert len(report.steady()) == 1 + 4 * len(servers)
    assert soak.lines(report)
    return report
