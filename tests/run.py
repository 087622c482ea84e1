"""Everything that `make test` does after the Python packages are there: ``python -m tests.run``, and with
``--faults`` or ``--fuzz`` what those targets do.

1. The programs that the tests drive are installed, or the line which installs them is printed.
2. The checks: format, lint, types, templates, migrations, deployment, JavaScript.
3. PostgreSQL is found or started, and the tests run, the fault campaigns beside the others.
"""

from __future__ import annotations

import contextlib
import os
import re
import signal
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from tests import packages, services, stages
from tests.harness import prepared
from tests.stages import Stage

ROOT = Path(__file__).resolve().parent.parent
BROWSER = os.environ.get("BROWSER", "1") != "0"
#: What the fault campaigns read: all their numbers instead of a few.
FULL = {"FAULT_SCALE": "full"}
#: All but the campaigns, and what installs other products.
USUAL = "not fault and not peer"
#: A file stays in one process, where its server is started once; in the order of conftest.
PARALLEL = ("--dist", "loadfile", "--no-loadscope-reorder")
#: The tests wait for servers and browsers half of their time; what campaigns wait for, they measure.
TWO, THREE = ("-n", "2", *PARALLEL), ("-n", "3", *PARALLEL)
#: Only what depends on the database: on PostgreSQL the rest would be the same.
DATABASE = ("-p", "tests.only_database")
#: What is different on PostgreSQL, where several processes work together; `make faults` runs all on both.
SEVERAL = tuple(
    f"tests/faults/test_{name}.py"
    for name in (
        "campaign",
        "cluster",
        "crash",
        "database",
        "neighbours",
        "proxies",
        "redis",
        "repeated_requests",
        "repeats",
        "workers",
    )
)


def main() -> None:
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    # A shell starts what it puts into the background deaf to this one, and so would be all that we start.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    os.chdir(ROOT)
    begun = time.monotonic()
    if needed := packages.missing(browser=BROWSER):
        packages.install(needed)
    failed = CAMPAIGNS.get("".join(sys.argv[1:]), everything)()
    minutes, seconds = divmod(round(time.monotonic() - begun), 60)
    if not BROWSER:
        print("BROWSER=0: the browser tests were LEFT OUT.")
    print(f"Failed: {', '.join(failed)}." if failed else "Everything passed.", f"{minutes} min {seconds} s")
    sys.exit(1 if failed else 0)


def everything() -> list[str]:
    """The names of what failed."""
    with clean_environment() as environment, postgresql(environment) as on_postgresql:
        return stages.run(
            [
                pytest("Faults", environment, "fault", *TWO),
                pytest("Faults, on PostgreSQL", on_postgresql, "fault", *TWO, *SEVERAL),
                pytest("Tests of the database, on PostgreSQL", on_postgresql, USUAL, *TWO, *DATABASE),
            ],
            [
                Stage("Checks", [sys.executable, "-m", "tests.checks"], environment),
                pytest("Tests", environment, USUAL, *THREE),
            ],
        )


def faults() -> list[str]:
    with clean_environment() as environment, postgresql(environment) as on_postgresql:
        return stages.run(
            [
                pytest("Faults, with their full numbers", environment | FULL, "fault or peer"),
                pytest("Faults, on PostgreSQL", on_postgresql | FULL, "fault", *DATABASE),
            ]
        )


def fuzz() -> list[str]:
    """So many requests for each operation of the API and each of two keys."""
    with clean_environment() as environment:
        examples = {"FUZZ_EXAMPLES": os.environ.get("FUZZ_EXAMPLES", "200")}
        return stages.run([pytest("Fuzz", environment | examples, USUAL, "tests/fuzz")])


#: What else than everything can be asked for.
CAMPAIGNS = {"--faults": faults, "--fuzz": fuzz}


def pytest(name: str, environment: dict[str, str], mark: str, *options: str) -> Stage:
    mark = mark if BROWSER else f"({mark}) and not browser"
    return Stage(name, [sys.executable, "-m", "pytest", "-m", mark, *options], environment)


@contextlib.contextmanager
def clean_environment() -> Iterator[dict[str, str]]:
    """The caller's environment without any setting of Parley, neither from the shell nor from ``.env``, with
    a folder of its own for everything that the tests write, and one for what they all begin with."""
    settings = set(re.findall(r"^# ([A-Z_]+)=", (ROOT / ".env.example").read_text(), re.MULTILINE))
    dropped = settings | {"PYTHONDONTWRITEBYTECODE"}  # a dozen processes import the same three hundred tests
    kept = {name: value for name, value in os.environ.items() if name not in dropped}
    with tempfile.TemporaryDirectory(prefix="parley-tests-") as folder:
        shared = Path(folder, "prepared")
        shared.mkdir()
        where = {"DATA_DIR": f"{folder}/data", "TMPDIR": folder, prepared.SHARED: str(shared)}
        yield {**kept, "ENV_FILE": os.devnull, **where}


@contextlib.contextmanager
def postgresql(environment: dict[str, str]) -> Iterator[dict[str, str]]:
    """The environment in which the product works on PostgreSQL."""
    with services.postgresql() as address:
        try:
            yield environment | {"DATABASE_URL": address}
        finally:
            prepared.drop(Path(environment[prepared.SHARED]))


if __name__ == "__main__":
    main()
