"""What an operator has installed: the servers under test run on nothing else.

Among the developers' packages they would be 14 MB larger: httpx loads a command line with colours, and
django-unfold PostgreSQL's driver, wherever these are found.
"""

from __future__ import annotations

import atexit
import os
import shutil
import subprocess
import sys
import tempfile
from functools import cache
from pathlib import Path

from tests.harness.prepared import ROOT

UV = Path(sys.executable).with_name("uv")


@cache
def python(*extras: str) -> str:
    """The Python of an environment that holds what ``make run`` installs, and these extras."""
    folder = Path(tempfile.mkdtemp(prefix="parley-bench-python-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    command = [UV, "sync", "--frozen", "--no-dev", "--compile-bytecode", "--quiet"]
    command += [f"--extra={extra}" for extra in extras]
    place = {"UV_PROJECT_ENVIRONMENT": str(folder), "UV_PYTHON": sys.executable}
    subprocess.run(command, cwd=ROOT, env={**os.environ, **place}, check=True)
    return str(folder / "bin" / "python")
