"""The soak keeps working, for twenty seconds; whether memory grows is for ``make soak`` to say."""

from __future__ import annotations

import uvloop

from benchmarks import soak
from benchmarks.targets import Parley
from tests.simulator.process import SimulatorProcess


def test_people_who_lose_the_connection_stop_and_retry_are_told_every_character() -> None:
    with SimulatorProcess() as alone, Parley(alone.url, name="Parley", members=10) as one:
        report = uvloop.run(soak.soak(one, alone, people=10, minutes=1 / 3))
    assert [text for passed, text in report.correct() if not passed] == []
    assert report.done["complete"] > 0
    assert soak.lines(report)
