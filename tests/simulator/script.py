"""Turns a scenario into the steps of its stream."""

from __future__ import annotations

from time import monotonic
from typing import TYPE_CHECKING

from tests.simulator import dialects
from tests.simulator.faults import BREAKS, INSERTS, Pause
from tests.simulator.text import endless, pieces

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from tests.simulator.faults import Step
    from tests.simulator.scenario import Scenario

THOUGHT_SEED = 1_000_003


def answer_pieces(scenario: Scenario, message: str) -> Iterable[str]:
    if scenario.fault == "endless":
        return endless(scenario.seed)
    if scenario.echo:
        return [message[at : at + 5] for at in range(0, len(message), 5)]
    return pieces(scenario.tokens, scenario.seed)


def _thoughts(scenario: Scenario) -> Iterator[bytes]:
    for piece in pieces(scenario.reasoning, THOUGHT_SEED):
        yield dialects.reasoning(scenario.dialect, piece)
    if scenario.think:
        for piece in ("<thi", "nk>\n", *pieces(scenario.think, THOUGHT_SEED), "</thi", "nk>\n\n"):
            yield dialects.content(scenario.dialect, piece)


def _stamped(scenario: Scenario, text: Iterable[str]) -> Iterator[bytes]:
    for _ in text:
        yield dialects.content.__wrapped__(scenario.dialect, f"{monotonic():.6f} ")


def _contents(scenario: Scenario, message: str) -> Iterator[bytes]:
    text = answer_pieces(scenario, message)
    if scenario.stamp:
        return _stamped(scenario, text)
    return (dialects.content(scenario.dialect, piece) for piece in text)


def steps(scenario: Scenario, message: str, *, usage: bool) -> Iterator[Step]:
    """Each step is one event's bytes, sent when its turn comes, or something other than bytes."""
    if scenario.pause:
        yield Pause(scenario.pause)
    yield from _thoughts(scenario)
    fault, count = scenario.fault, 0
    for count, frame in enumerate(_contents(scenario, message), 1):
        yield frame
        if count == scenario.after and fault in BREAKS:
            yield from BREAKS[fault](scenario)
            return
        if count == scenario.after and fault in INSERTS:
            yield INSERTS[fault](scenario)
    if fault != "no_done":
        yield dialects.closing(scenario.dialect, count, usage=usage)
