"""``manage.py worker``: background work in a process of its own."""

from __future__ import annotations

import asyncio
import logging
import signal
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

import uvloop
from django.conf import settings
from django.core.management.base import BaseCommand
from django.db import connection

from chat.management.commands.serve import lock_data, shares_data
from chat.management.exposition import serve_metrics
from chat.management.lag import LagProbe
from chat.replies import engine as engines

logger = logging.getLogger(__name__)


class Command(BaseCommand):
    help = "Do background work. SIGTERM lets what runs end (30 seconds at most)."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--drain", type=float, default=30, help="seconds that running work has at the end"
        )
        parser.add_argument("--health-file", type=Path, help="a file to touch each second while all is well")

    def handle(self, *args: Any, drain: float, health_file: Path | None, **options: Any) -> None:
        logging.captureWarnings(True)
        held = None if shares_data() else lock_data()
        engines.alone = held is not None and connection.vendor == "sqlite"
        engines.works = True
        uvloop.run(work(drain, health_file))
        if held:
            held.close()


async def work(drain_seconds: float, health_file: Path | None) -> None:
    """Until SIGTERM or SIGINT; a second one ends the drain."""
    LagProbe().start()
    if settings.METRICS_PORT:
        serve_metrics(settings.METRICS_PORT)
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, lambda: end_drain() if stop.is_set() else stop.set())
    while not stop.is_set():
        await keep_well(health_file)
        try:
            await asyncio.wait_for(stop.wait(), 1)
        except TimeoutError:
            continue
    if (engine := engines.running_engine()) and engine.worker:
        counts = {"jobs": engine.worker.running, "replies": engine.runner.running}
        logger.warning("draining", extra=counts)
    await engines.drain_engine(drain_seconds)
    await engines.close_engine()
    logger.info("worker_stopped")


async def keep_well(health_file: Path | None) -> None:
    """The engine runs, as soon as the database answers; while its lease holds, the file is new."""
    started = engines.running_engine() is None
    try:
        engine = await engines.engine()
    except Exception:
        logger.exception("engine_not_started")
        return
    if started:
        logger.info("worker_ready", extra={"lease": engine.process})
    if health_file and engine.healthy:
        await asyncio.to_thread(health_file.touch)


def end_drain() -> None:
    if engine := engines.running_engine():
        engine.lose_all()
