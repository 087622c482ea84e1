"""The numbers of the engine, read when somebody asks for them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from chat.metrics import FIRST_TEXT_SECONDS, REPLY_SECONDS, TOKENS

if TYPE_CHECKING:
    from chat.replies.engine import Engine
    from chat.replies.live import Live


class Tally:
    """What the replies that no longer run have appended to their logs."""

    events = 0
    characters = 0

    def add(self, live: Live) -> None:
        """To be called with the removal of the reply from those that run: a counter never falls."""
        self.events += live.seq
        self.characters += live.length
        REPLY_SECONDS.observe(live.seconds)
        if live.first_text_seconds is not None:
            FIRST_TEXT_SECONDS.observe(live.first_text_seconds)
        for kind, count in (live.usage or {}).items():
            TOKENS.labels(kind.removesuffix("Tokens")).inc(count)


class EngineCollector(Collector):
    """Zeros until the engine of this process has been started."""

    def __init__(self, engine: Callable[[], Engine | None]) -> None:
        self._engine = engine

    def collect(self) -> Iterator[Metric]:
        engine = self._engine()
        runner = engine.runner if engine else None
        running = runner.live if runner else []
        yield GaugeMetricFamily("parley_replies_running", "Replies that run here.", len(running))
        yield GaugeMetricFamily(
            "parley_replies_queued", "Replies that wait here.", runner.queued if runner else 0
        )
        yield CounterMetricFamily(
            "parley_reply_events_total",
            "Events appended to the logs of replies, about one for each token.",
            tally.events + sum(live.seq for live in running),
        )
        yield CounterMetricFamily(
            "parley_reply_characters_total",
            "Characters of replies.",
            tally.characters + sum(live.length for live in running),
        )


tally = Tally()
