"""The queue's numbers, asked of the database when somebody asks for them."""

from __future__ import annotations

import asyncio
import logging
from collections import Counter
from collections.abc import Iterator

from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from chat.db import in_database
from chat.jobs.figures import Figures, figures
from chat.jobs.handlers import KINDS
from chat.metrics import REGISTRY

logger = logging.getLogger(__name__)

#: A database that does not answer shall not hold up the other numbers.
SECONDS = 2


class JobCollector(Collector):
    """Shows what ``refresh`` has read; nothing where the database did not answer."""

    def __init__(self) -> None:
        self._figures: Figures | None = None

    async def refresh(self) -> None:
        self._figures = None
        try:
            async with asyncio.timeout(SECONDS):
                self._figures = await in_database(figures)
        except Exception:
            logger.exception("jobs_not_counted")

    def collect(self) -> Iterator[Metric]:
        jobs = GaugeMetricFamily("parley_jobs", "Jobs that are not done.", labels=["kind", "state"])
        lag = GaugeMetricFamily("parley_jobs_lag_seconds", "How late the job is that is due longest.")
        if (read := self._figures) is not None:
            counts = Counter[tuple[str, str]]()
            for (kind, state), count in read.counts.items():
                counts[kind if kind in KINDS else "other", state] += count
            for labels, count in counts.items():
                jobs.add_metric(labels, count)
            lag.add_metric([], read.lag)
        yield jobs
        yield lag


queue = JobCollector()
REGISTRY.register(queue)
