"""Every operation of the schema is asked whatever the schema allows, and what it does not, with two keys.

No answer may be a fault of the server or one that the schema does not describe; and whatever the stranger
sends, nothing of alice's comes back.
"""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.fuzz.world import World, furnish, open_world


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    opened = open_world(tmp_path_factory.mktemp("fuzz"))
    with opened.server:
        furnish(opened)
        yield opened


def test_every_answer_is_described_and_none_is_a_fault(world: World, subtests: pytest.Subtests) -> None:
    from tests.fuzz import asking  # what it needs takes seconds to load, which each run would pay

    assert len(asking.OPERATIONS) == sum(
        len(methods) for methods in asking.SCHEMA.raw_schema["paths"].values()
    )
    for operation in asking.OPERATIONS:
        with subtests.test(operation.label):
            asking.ask_everything(operation, world)
