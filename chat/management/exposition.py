"""The metrics of a process that serves no pages."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator

from prometheus_client import CollectorRegistry, start_http_server
from prometheus_client.core import Metric

from chat.jobs.metrics import SECONDS, queue
from chat.metrics import REGISTRY


class _FromThread(CollectorRegistry):
    """The process's registry, read by a thread beside the loop that the queue's numbers come from."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        super().__init__()
        self._loop = loop

    def collect(self) -> Iterator[Metric]:
        asyncio.run_coroutine_threadsafe(queue.refresh(), self._loop).result(2 * SECONDS)
        yield from REGISTRY.collect()


def serve_metrics(port: int) -> None:
    """Answer on this port of this machine, whatever the path. Belongs into the loop of the process."""
    start_http_server(port, addr="127.0.0.1", registry=_FromThread(asyncio.get_running_loop()))
