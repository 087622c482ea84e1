"""A clock that differs is found by the dates that others send."""

from __future__ import annotations

from time import time

import pytest
from django.test import override_settings

from tests.doctor.examining import examined
from tests.harness.web import QuietHandler, answering

pytestmark = pytest.mark.django_db(transaction=True)


class Clock(QuietHandler):
    """Answers with the date of a clock that is ``ahead`` by so many seconds."""

    ahead = 0.0

    def do_GET(self) -> None:
        self.send_response(401)
        self.end_headers()

    def date_time_string(self, timestamp: float | None = None) -> str:
        return super().date_time_string(time() + self.ahead)


@pytest.mark.parametrize(
    ("ahead", "level", "said"),
    [(0, "ok", "Agrees"), (10, "warning", "s ahead"), (-10, "warning", "s behind"), (90, "wrong", "s ahead")],
)
def test_a_clock_that_differs_is_told_by_how_much(ahead: float, level: str, said: str) -> None:
    shifted = type("Shifted", (Clock,), {"ahead": ahead})
    with answering(shifted) as url, override_settings(COMPLETIONS_URL=url, PUBLIC_ORIGINS=[url]):
        report = examined("--only", "clock")
    for code in ("clock.completions", "clock.public"):
        assert report[code]["level"] == level
        assert said in report[code]["detail"]
        assert bool(report[code]["advice"]) == (level != "ok")
    assert report["clock.database"]["level"] == "ok"
