"""How much of a campaign to run: a little in ``make test``, all of it in ``make faults``."""

from __future__ import annotations

import os


def scaled(full: int, small: int) -> int:
    return full if os.environ.get("FAULT_SCALE") == "full" else small


#: Seconds more that something may take in ``make test``, where other tests need the processors too.
LATE = scaled(0, 2)
