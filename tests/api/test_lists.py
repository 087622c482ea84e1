"""What a page far into a long list costs beside the first one, counted in steps of the database."""

from __future__ import annotations

import itertools

import pytest
from django.db import connection

from benchmarks.archives import make_archive
from tests.api.asking import Caller, alices

pytestmark = [
    pytest.mark.django_db,
    pytest.mark.skipif(connection.vendor != "sqlite", reason="only SQLite counts its steps"),
]

CONVERSATIONS, MESSAGES = 1200, 2
SIZE, FAR = 10, 100
STEP = 50


def steps(caller: Caller, path: str, *, results: int = SIZE) -> tuple[int, str]:
    """How many steps of SQLite's machine the page took, each of ``STEP``, and the page after it."""
    counted = itertools.count()
    connection.connection.set_progress_handler(lambda: next(counted) < 0, STEP)
    try:
        answer = caller.get(path)
    finally:
        connection.connection.set_progress_handler(None, 0)
    assert answer.status_code == 200, answer.content
    assert len(answer.json()["results"]) == results
    return next(counted), answer.json()["next"].removeprefix("http://testserver/api/")


def test_the_hundredth_page_takes_the_steps_of_the_first() -> None:
    caller = alices()
    make_archive(CONVERSATIONS, MESSAGES)
    for name in ("conversations", "messages"):
        first, path = steps(caller, f"{name}/?pageSize={SIZE}")
        far = 0
        for _ in range(FAR - 1):
            far, path = steps(caller, path)
        assert far <= 1.5 * first, name


def test_a_numbered_page_of_messages_reads_what_it_shows_and_goes_past_the_rest_in_an_index() -> None:
    caller = alices()
    make_archive(CONVERSATIONS, MESSAGES)
    first, _ = steps(caller, "messages/?pageSize=50&page=1", results=50)
    for number, bound in ((2, 1.1), (15, 1.5)):
        far, _ = steps(caller, f"messages/?pageSize=50&page={number}", results=50)
        assert far <= bound * first, number
