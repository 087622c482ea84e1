"""That servers under test log nothing as an error which nobody expects."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager

from tests.harness.scale import LATE
from tests.harness.server import Server

#: Where other tests need the processors too, a loop may come to its turn late.
BESIDE_OTHERS = ("loop_blocked",) if LATE else ()


@contextmanager
def no_errors(servers: Sequence[Server], *, but: Collection[str] = ()) -> Iterator[None]:
    """Within it their logs get no record at level ERROR but these events (of the table in
    ``docs/operate.md``), or words of a library that begin so."""
    before = [len(server.log) for server in servers]
    yield
    found = [
        record
        for server, length in zip(servers, before, strict=True)
        for record in records(server.log[length:])
        if (told := record.split(maxsplit=3))[1:2] == ["ERROR"]
        and not told[3].startswith((*but, *BESIDE_OTHERS))
    ]
    assert not found, "\n".join(found)


def records(log: str) -> list[str]:
    """Each with the traceback below it."""
    return re.split(r"\n(?=\d{4}-)", log)
