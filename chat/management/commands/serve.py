"""``manage.py serve``: the server."""

from __future__ import annotations

import fcntl
import logging
import socket
from argparse import ArgumentParser
from typing import IO, Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.db import connection

logger = logging.getLogger(__name__)


class Command(BaseCommand):
    help = "Serve the application with Daphne. SIGTERM lets running replies end (30 seconds at most)."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--host", default="127.0.0.1", help="address to listen on (127.0.0.1)")
        parser.add_argument(
            "--port", type=int, default=settings.PORT, help="port to listen on (PORT, or 8000)"
        )
        parser.add_argument(
            "--drain", type=float, default=30, help="seconds that running replies have at the end"
        )

    def handle(self, *args: Any, host: str, port: int, drain: float, **options: Any) -> None:
        logging.captureWarnings(True)
        # From here on: Twisted's reactor is installed by the first import of the server, on uvloop.
        from chat.management.server import ParleyServer

        check_port(host, port)
        held = None if shares_data() else lock_data()
        # The directory's lock says nothing of who else works on a PostgreSQL database.
        alone = held is not None and connection.vendor == "sqlite"
        server = ParleyServer(host=host, port=port, drain_seconds=drain, alone=alone)
        if settings.LOG_FORMAT == "json":
            logger.info("serving", extra={"address": f"http://{host}:{port}"})
        else:
            self.stdout.write(f"Parley answers on http://{host}:{port}", ending="\n")
            self.stdout.flush()
            if not settings.PUBLIC_URL and port != settings.PORT:
                self.stderr.write(
                    f"Its pages can open no sockets there: that is for {settings.PUBLIC_ORIGINS[0]}. Start "
                    f"it with PORT={port} instead of --port, or set PUBLIC_URL to the address people use."
                )
        server.run()
        if held:
            held.close()


def shares_data() -> bool:
    """Whether a second process may work beside this one: only PostgreSQL and Redis are shared safely."""
    return connection.vendor == "postgresql" and bool(settings.REDIS_URL)


def lock_data() -> IO[str]:
    """Hold the data directory for this process alone, until it ends, however it ends."""
    settings.DATA_DIR.mkdir(parents=True, exist_ok=True)
    lock = (settings.DATA_DIR / "server.lock").open("w")
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        raise CommandError(
            f"Another Parley process is using {settings.DATA_DIR}. Stop it first; for several processes set "
            "DATABASE_URL to PostgreSQL and REDIS_URL."
        ) from None
    return lock


def check_port(host: str, port: int) -> None:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            raise CommandError(
                f"Port {port} on {host} cannot be used: {error.strerror}. "
                f"Choose another: PORT={port + 1} make run"
            ) from None
