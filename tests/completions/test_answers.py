from __future__ import annotations

from datetime import UTC, datetime

import pytest

from chat.completions.answers import MAX_RETRY_AFTER, retry_after
from chat.completions.errors import UpstreamBusy, UpstreamCut, UpstreamFault, UpstreamUnreachable
from chat.completions.retry import pause_before_retry
from chat.completions.text import redacted

NOW = datetime(2026, 10, 1, 12, 0, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        (None, None),
        ("7", 7.0),
        ("0.5", 0.5),
        ("-3", 0.0),
        ("1e9", MAX_RETRY_AFTER),
        ("inf", MAX_RETRY_AFTER),
        ("nan", None),
        ("soon", None),
        ("", None),
        ("Thu, 01 Oct 2026 12:00:09 GMT", 9.0),
        ("Thu, 01 Oct 2026 11:00:00 GMT", 0.0),
        ("Thu, 01 Oct 2026 12:00:09 -0000", 9.0),
        ("Thu, 99 Oct 2026 12:00:09 GMT", None),
        ("Thu, 01 Oct 9999 12:00:09 GMT", MAX_RETRY_AFTER),
        ("Mon, 01 Jan 99999999999 00:00:00 GMT", None),
    ],
)
def test_retry_after_is_seconds_or_a_date_or_nothing(value: str | None, seconds: float | None) -> None:
    assert retry_after(value, now=NOW) == seconds


def test_keys_do_not_reach_the_log() -> None:
    text = "Incorrect API key provided: my-own-secret. You sent Bearer abcdef123456 and sk-proj-abc_DEF-123"
    assert redacted(text, "my-own-secret") == ("Incorrect API key provided: …. You sent Bearer … and sk-…")


@pytest.mark.parametrize(
    ("error", "retries", "elapsed", "pause"),
    [
        (UpstreamBusy(retry_after=7), 0, 0.0, 7.0),
        (UpstreamBusy(retry_after=40), 0, 0.0, 40.0),
        (UpstreamBusy(retry_after=61), 0, 0.0, None),
        (UpstreamBusy(retry_after=20), 1, 45.0, None),
        (UpstreamBusy(), 0, 0.0, 0.5),
        (UpstreamBusy(), 2, 2.0, None),
        (UpstreamUnreachable(), 0, 0.0, 0.5),
        (UpstreamUnreachable(), 0, 5.0, None),
        (UpstreamCut(), 1, 0.6, 1.5),
        (UpstreamFault(), 0, 0.0, None),
    ],
)
def test_only_what_may_pass_soon_is_tried_again(
    error: UpstreamFault, retries: int, elapsed: float, pause: float | None
) -> None:
    assert pause_before_retry(error, retries, elapsed) == pause
