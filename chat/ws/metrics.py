"""The numbers of the open sockets, read when somebody asks for them."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from typing import Protocol

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from chat.metrics import SOCKETS_CLOSED
from chat.ws import closing
from chat.ws.window import Window

#: Ours, and those that say how a browser or a network went. Any other is a client's own.
CODES = {1000, 1001, 1005, 1006, 1009, 1011, *closing.CODES}


class HasWindow(Protocol):
    window: Window


class SocketCollector(Collector):
    def __init__(self, sockets: Collection[HasWindow]) -> None:
        self._sockets = sockets
        self._frames = 0

    def count_closed(self, code: int, window: Window) -> None:
        """To be called with the removal of the socket from those that are open: a counter never falls."""
        self._frames += window.n
        SOCKETS_CLOSED.labels(code if code in CODES else "other").inc()

    def collect(self) -> Iterator[Metric]:
        windows = [socket.window for socket in list(self._sockets)]
        unacknowledged = [window.unacknowledged for window in windows]
        yield GaugeMetricFamily("parley_sockets_open", "Sockets that are open.", len(windows))
        yield CounterMetricFamily(
            "parley_socket_frames_sent_total",
            "Frames sent to clients.",
            self._frames + sum(window.n for window in windows),
        )
        yield GaugeMetricFamily(
            "parley_socket_unacknowledged_bytes",
            "Bytes sent that clients have not acknowledged, over all sockets.",
            sum(unacknowledged),
        )
        yield GaugeMetricFamily(
            "parley_socket_unacknowledged_max_bytes",
            "The same of the socket that has most.",
            max(unacknowledged, default=0),
        )
