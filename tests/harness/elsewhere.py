"""A process of which a server knows nothing but its lease."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from uuid import uuid4

from tests.harness.database import PostgresDatabase
from tests.harness.server import Server

#: The same in both databases.
NOW = "CURRENT_TIMESTAMP"


@contextmanager
def another_process(server: Server, name: str = "elsewhere:1") -> Iterator[str]:
    """Its id. It beats until the block ends, or until somebody deletes the lease."""
    id = str(uuid4()) if isinstance(server.database, PostgresDatabase) else uuid4().hex
    server.execute(
        f"INSERT INTO chat_processlease (id, name, started_at, beat_at) VALUES (?, ?, {NOW}, {NOW})",  # noqa: S608
        *(id, name),
    )
    over = threading.Event()

    def beat() -> None:
        while not over.wait(0.5):
            server.execute(f"UPDATE chat_processlease SET beat_at = {NOW} WHERE id = ?", id)  # noqa: S608

    beating = threading.Thread(target=beat)
    beating.start()
    try:
        yield id
    finally:
        over.set()
        beating.join()
