"""How single values look in JSON."""

from __future__ import annotations

from datetime import datetime
from typing import Any

Shape = dict[str, Any]


def milliseconds(moment: datetime | None) -> str | None:
    return str(int(moment.timestamp() * 1000)) if moment else None
