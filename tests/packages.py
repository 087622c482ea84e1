"""The programs that the tests drive and that Python packages do not bring: from the system's own packages."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

from tests.services import postgresql_programs


def missing(*, browser: bool) -> list[str]:
    """The Debian packages to install, none when all is there."""
    found = {
        "postgresql": postgresql_programs() is not None,
        "redis-server": shutil.which("redis-server") is not None,
        "nginx": shutil.which("nginx") is not None or Path("/usr/sbin/nginx").exists(),
        "caddy": shutil.which("caddy") is not None,
        "chromium": not browser or shutil.which("chromium") is not None,
    }
    return [package for package, there in found.items() if not there]


def install(packages: list[str]) -> None:
    """As root, from apt; anybody else is told the line to run."""
    line = ["apt-get", "install", "--yes", "--no-install-recommends", *packages]
    if os.geteuid() != 0 or shutil.which("apt-get") is None:
        sys.exit(
            f"The tests need {', '.join(packages)}. On Debian and Ubuntu: sudo {' '.join(line)}\n"
            "Without a browser: make test BROWSER=0"
        )
    print(f"Installing {', '.join(packages)}.", flush=True)
    # No service of the new packages is started: the tests start their own.
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive", "RUNLEVEL": "1"}
    for command in (["apt-get", "update", "--quiet=2"], [*line, "--quiet=2"]):
        if subprocess.run(command, env=environment, stdin=subprocess.DEVNULL, check=False).returncode:
            sys.exit(f"`{' '.join(command)}` failed: see the message above.")
