"""What this process counts for ``/metrics``, by the conventions of Prometheus (table: ``docs/operate.md``).

What happens once for a reply, a socket or an attempt is counted here as it happens. What happens for each
token is not: replies, windows and pools have those numbers anyway, and their rooms register collectors that
read them when somebody asks. Labels have few values, never ids or texts.
"""

from __future__ import annotations

from prometheus_client import (
    CollectorRegistry,
    Counter,
    Histogram,
    ProcessCollector,
    disable_created_metrics,
)

REGISTRY = CollectorRegistry()
ProcessCollector(registry=REGISTRY)
disable_created_metrics()  # type: ignore[no-untyped-call]


def _counter(name: str, help: str, *labels: str) -> Counter:
    return Counter(name, help, labels, registry=REGISTRY)


def _histogram(name: str, help: str, *buckets: float) -> Histogram:
    return Histogram(name, help, buckets=buckets, registry=REGISTRY)


_REPLIES_ENDED = _counter("parley_replies_ended_total", "Replies that this process ended.", "state", "code")
REPLIES_TAKEN_OVER = _counter(
    "parley_replies_taken_over_total", "Replies of dead processes that were ended or adopted here.", "outcome"
)
LEASES_LOST = _counter("parley_leases_lost_total", "How often this process was taken for dead.")
FIRST_TEXT_SECONDS = _histogram(
    "parley_reply_first_text_seconds",
    "From a reply's start to its first text.",
    *(0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30),
)
REPLY_SECONDS = _histogram(
    "parley_reply_duration_seconds",
    "From a reply's start to its stored end.",
    *(0.5, 1, 2.5, 5, 10, 30, 60, 120, 300),
)
TOKENS = _counter("parley_upstream_tokens_total", "Tokens that endpoints say they counted.", "kind")
RETRIES = _counter("parley_upstream_retries_total", "Requests that were made again.", "code")
WEBHOOKS = _counter("parley_webhook_calls_total", "Calls to webhooks.", "outcome")
SOCKETS_CLOSED = _counter("parley_sockets_closed_total", "Sockets that closed.", "code")
LOOP_LAG_SECONDS = _histogram(
    "parley_event_loop_lag_seconds",
    "How late the event loop is, asked four times a second.",
    *(0.001, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 5),
)
LOOP_BLOCKED = _counter("parley_event_loop_blocked_total", "Times the loop stood still for over a second.")

for _outcome in ("ended", "adopted"):
    REPLIES_TAKEN_OVER.labels(_outcome)
for _kind in ("prompt", "completion"):
    TOKENS.labels(_kind)
for _outcome in ("delivered", "failed"):
    WEBHOOKS.labels(_outcome)


def count_end(state: str, code: str = "") -> None:
    """A reply came to its stored end, in this process or by it."""
    _REPLIES_ENDED.labels(state, code or "none").inc()
