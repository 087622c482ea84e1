"""Programs of two companies."""

from __future__ import annotations

import pytest

from tests import people
from tests.maax.program import Program


@pytest.fixture
def ours(db: None) -> Program:
    return Program(people.HOME)


@pytest.fixture
def theirs(db: None) -> Program:
    return Program(people.ELSEWHERE)
