"""Daphne on uvloop, with the reply engine in the same loop and a drain before the end.

Importing this module installs Twisted's reactor.
"""

from __future__ import annotations

import asyncio
import gc
import logging
import signal
from contextlib import suppress
from typing import Any

import uvloop
from twisted.internet import asyncioreactor

_loop = uvloop.new_event_loop()
asyncio.set_event_loop(_loop)
asyncioreactor.install(_loop)

import daphne.server  # noqa: E402 (it would install a reactor of its own)
from twisted.internet import defer  # noqa: E402
from twisted.internet import reactor as _reactor  # noqa: E402

from chat.management.lag import LagProbe  # noqa: E402
from chat.management.requests import BoundedFactory, BoundedRequest  # noqa: E402
from chat.management.transport import EagerConnection, FrameSocket  # noqa: E402
from chat.replies import engine as engines  # noqa: E402
from chat.ws.consumer import sockets  # noqa: E402
from chat.ws.frames import Restarting  # noqa: E402
from config.asgi import application  # noqa: E402

logger = logging.getLogger(__name__)
reactor: Any = _reactor

AGAIN_SECONDS = 1.0
#: For requests that are being answered when the drain has come to its end.
ANSWER_SECONDS = 5.0
#: For requests that were cancelled to come to their end.
CANCEL_SECONDS = 5.0


class ParleyServer(daphne.server.Server):
    """SIGTERM and SIGINT drain: sockets are told, running replies may end, and then requests. A second signal
    ends that."""

    def __init__(self, *, host: str, port: int, drain_seconds: float, alone: bool) -> None:
        bound = host.replace(":", r"\:")
        super().__init__(
            application,
            endpoints=[f"tcp:port={port}:interface={bound}"],
            signal_handlers=False,
            ping_interval=15,
            ping_timeout=20,
            server_name="",
        )
        self.drain_seconds = drain_seconds
        self.stopping = False
        #: From here on nobody is let in.
        self.closing = False
        self.patient = True
        self.fewer = asyncio.Event()
        self.ports: list[Any] = []
        engines.alone = alone

    def run(self) -> None:
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: reactor.callFromThread(self.stop_gently))
        reactor.callWhenRunning(lambda: asyncio.ensure_future(self.start_engine()))
        # It names its own classes, and takes none from us.
        vars(daphne.server)["HTTPFactory"] = BoundedFactory
        vars(daphne.server)["WebSocketFactory"].protocol = FrameSocket
        super().run()

    def listen_success(self, port: Any) -> None:
        super().listen_success(port)
        port.transport = EagerConnection
        self.ports.append(port)

    async def start_engine(self) -> None:
        """As soon as the database answers: without an engine it is sent nobody who would start one."""
        LagProbe().start()
        while not self.stopping:
            try:
                await engines.engine()
            except Exception:
                logger.exception("engine_not_started")
                await asyncio.sleep(AGAIN_SECONDS)
            else:
                break
        spare_collector()

    def stop_gently(self) -> None:
        engine = engines.running_engine()
        if not self.stopping:
            self.stopping = True
            if engine and engine.runner.running:
                logger.warning("draining", extra={"replies": engine.runner.running})
            reactor.stop()
        else:
            self.patient = False
            self.fewer.set()
            if engine is not None:
                engine.lose_all()

    def protocol_disconnected(self, protocol: Any) -> None:
        """The client has gone, or has its whole answer."""
        super().protocol_disconnected(protocol)
        self.fewer.set()

    @property
    def unanswered(self) -> list[BoundedRequest]:
        """Without streams of events: those end with their replies, or not at all."""
        return [
            one
            for one, details in self.connections.items()
            if isinstance(one, BoundedRequest) and "disconnected" not in details and not one.streams
        ]

    def kill_all_applications(self) -> Any:
        """Twisted stops when what this returns is done; sockets and requests keep working until then."""
        return defer.Deferred.fromFuture(asyncio.ensure_future(self.drain()))

    async def drain(self) -> None:
        for socket in list(sockets):
            socket.begin(socket.guarded(socket.push(Restarting()), None, quietly=True))
        await engines.drain_engine(self.drain_seconds)
        await self.answer_requests()
        await engines.close_engine()
        await asyncio.sleep(0.1)  # the last frames leave
        instances = [details.get("application_instance") for details in self.connections.values()]
        if running := [instance for instance in instances if instance and not instance.done()]:
            for instance in running:
                instance.cancel()
            # A view that waits for the loop lets its thread go only when the loop has told it.
            await asyncio.wait(running, timeout=CANCEL_SECONDS)

    async def answer_requests(self) -> None:
        """Those that are here already: nobody knows whether what was cut off was done."""
        self.closing = True
        for port in self.ports:
            port.stopListening()
        for request in self.unanswered:
            request.close_after()
        with suppress(TimeoutError):
            async with asyncio.timeout(ANSWER_SECONDS):
                while self.patient and self.unanswered:
                    self.fewer.clear()
                    await self.fewer.wait()


def spare_collector() -> None:
    """What is loaded by now stays to the end: the garbage collector need not walk through it again and again
    (an eighth of the server's time, and pauses that people see). It looks less often, too: most of what a
    reply leaves behind is freed without it."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(10_000, 5, 2)
