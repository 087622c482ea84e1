"""Make ``.venv`` hold exactly what ``uv.lock`` names: ``python3 config/install.py [--for-tests]``.

Runs on the system's own Python, so it needs nothing but the standard library, and only syntax which an old
Python can still read: that is the one which must be told that it is too old.
"""

from __future__ import annotations

import importlib.util
import os
import subprocess
import sys
import venv
from pathlib import Path

UV = "0.13.8"
ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv"
PYTHON = VENV / "bin" / "python"


def main() -> None:
    for_tests = "--for-tests" in sys.argv[1:]
    refuse_old_python()
    if not succeeds(PYTHON, "-c", "import pip, sys; sys.exit(sys.version_info < (3, 11))"):
        make_venv()
    if not succeeds(VENV / "bin" / "uv", "--version", shows=UV):
        require(PYTHON, "-m", "pip", "install", "-qq", "--disable-pip-version-check", "uv==" + UV)
    synchronise("--all-extras" if for_tests else "--no-dev")


def refuse_old_python() -> None:
    if sys.version_info < (3, 11):  # noqa: UP036 (this is the system's Python)
        found = "{}.{}".format(*sys.version_info[:2])
        sys.exit(
            f"Parley needs Python 3.11 or newer; {sys.executable} is {found}. "
            "Install a newer one and name it: make run PYTHON=python3.12"
        )


def make_venv() -> None:
    if importlib.util.find_spec("ensurepip") is None:
        sys.exit(
            "This Python cannot make a virtual environment: its module ensurepip is missing. "
            "On Debian and Ubuntu: apt-get install python3-venv"
        )
    print("Installing Parley into .venv. This happens once and takes about a minute.", flush=True)
    venv.create(VENV, clear=True, symlinks=True, with_pip=True)


def synchronise(what: str) -> None:
    """Bring .venv to the versions in uv.lock; whatever else is there (the tests' tools, say) stays."""
    require(VENV / "bin" / "uv", "sync", "--frozen", "--inexact", "--quiet", what)


def succeeds(*command: str | Path, shows: str = "") -> bool:
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=False)
    except OSError:
        return False
    return done.returncode == 0 and shows in done.stdout


def require(*command: str | Path) -> None:
    """Run in the project's folder, with this .venv and this Python whatever the caller's environment says."""
    environment = {
        **os.environ,
        "UV_PROJECT_ENVIRONMENT": str(VENV),
        "UV_PYTHON": str(PYTHON),
        "UV_PYTHON_DOWNLOADS": "never",
    }
    environment.pop("VIRTUAL_ENV", None)
    if subprocess.run(command, cwd=ROOT, env=environment, check=False).returncode:
        sys.exit(
            "Parley could not be installed: see the message above. Running the same command again is safe."
        )


if __name__ == "__main__":
    main()
