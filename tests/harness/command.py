"""``manage.py`` as somebody types it."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from tests.harness.server import ROOT


def bare_environment(data: Path, **variables: str) -> dict[str, str]:
    """Nothing of Parley but its data directory and the given variables: no secret key either."""
    return {"PATH": os.environ["PATH"], "ENV_FILE": os.devnull, "DATA_DIR": str(data), **variables}


def manage(data: Path, *command: str, **variables: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "manage.py", *command],
        cwd=ROOT,
        env=bare_environment(data, **variables),
        capture_output=True,
        text=True,
        check=False,
    )
