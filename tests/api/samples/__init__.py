"""Bodies of requests as the format's own documents print them, to the character."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any


def sample(name: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(Path(__file__).with_name(f"{name}.json").read_text())
    return found
