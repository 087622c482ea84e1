"""What can be said about the code without running the product: ``python -m tests.checks``. Each check is a
command."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
TSC = ROOT / "static" / "vendor" / "node_modules" / ".bin" / "tsc"
LOADER = ROOT / "static" / "vendor" / "loader.mjs"
#: A production installation behind a proxy with TLS, as `check --deploy` shall find nothing to say about.
PRODUCTION = {
    "SECRET_KEY": "qX3v-only-for-this-check-8Zk1Lw0sTn5Yb7Rd2Gf9Hj4Mc6Pa",
    "PUBLIC_URL": "https://chat.test",
    "DJANGO_SETTINGS_MODULE": "config.settings",
}


@dataclass(frozen=True)
class Check:
    name: str
    command: list[str | Path]
    environment: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Outcome:
    check: Check
    passed: bool
    output: str
    seconds: float


def all_checks() -> list[Check]:
    manage = [sys.executable, "manage.py"]
    tests = {"DJANGO_SETTINGS_MODULE": "tests.settings"}
    return [
        Check("types", [sys.executable, "-m", "mypy"]),
        Check(
            "format", [sys.executable, "-m", "ruff", "format", "--check", "--output-format", "concise", "."]
        ),
        Check("lint", [sys.executable, "-m", "ruff", "check", "--output-format", "concise", "."]),
        Check("templates", [program("djade"), "--target-version", "5.2", "--check", *templates()]),
        Check("migrations", [*manage, "makemigrations", "--check", "--dry-run"], tests),
        Check("deployment", [*manage, "check", "--deploy", "--fail-level", "WARNING"], PRODUCTION),
        *javascript(),
    ]


def javascript() -> list[Check]:
    """The types of the ES modules: TypeScript is a package for Node, which nothing else here needs."""
    node, npm = shutil.which("node"), shutil.which("npm")
    if node and npm and not TSC.exists():
        subprocess.run([npm, "ci", "--prefix", TSC.parents[2], "--ignore-scripts", "--silent"], check=False)
    if not (node and (npm or TSC.exists())):
        print("LEFT OUT: the types of the JavaScript modules, because there is no Node with npm here.")
        return []
    return [
        Check("javascript", [TSC, "--project", "tsconfig.json"]),
        Check("loader", [node, LOADER, "--check"]),
        Check("minified", [sys.executable, "-m", "tests.minified"]),
    ]


def program(name: str) -> Path:
    return Path(sys.executable).with_name(name)


def templates() -> list[Path]:
    return sorted(Path("templates").rglob("*.html"))


def main() -> None:
    """Run them all, say how each went, and end with 1 if one failed."""
    with ThreadPoolExecutor(2) as pool:
        outcomes = list(pool.map(outcome_of, all_checks()))
    for outcome in outcomes:
        mark = "passed" if outcome.passed else "FAILED"
        print(f"{mark}  {outcome.check.name:<12} {outcome.seconds:5.1f} s")
        if not outcome.passed:
            print(outcome.output)
    sys.exit(0 if all(outcome.passed for outcome in outcomes) else 1)


def outcome_of(check: Check) -> Outcome:
    begun = time.monotonic()
    try:
        done = subprocess.run(
            check.command,
            env=os.environ | check.environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
        )
    except OSError as error:
        return Outcome(check, False, str(error), time.monotonic() - begun)
    return Outcome(check, done.returncode == 0, done.stdout + done.stderr, time.monotonic() - begun)


if __name__ == "__main__":
    main()
