"""The doctor's command, as the tests call it."""

from __future__ import annotations

import json
import subprocess
import sys
from io import StringIO
from typing import Any

from django.core.management import call_command
from django.utils import translation

from tests.harness.server import ROOT


class Report:
    """What ``manage.py doctor --json`` printed, and how it ended."""

    def __init__(self, text: str, status: int) -> None:
        self.text, self.status = text, status
        self.findings: list[dict[str, Any]] = json.loads(text)["findings"]

    def __getitem__(self, code: str) -> dict[str, Any]:
        (found,) = [one for one in self.findings if one["code"] == code]
        return found

    @property
    def troubles(self) -> dict[str, str]:
        """The level of each line that is not ok."""
        return {one["code"]: one["level"] for one in self.findings if one["level"] != "ok"}

    def of(self, title: str) -> dict[str, Any]:
        """The first line of this title, which is that of one language model."""
        return next(one for one in self.findings if one["title"] == title)


def examined(*options: str) -> Report:
    """In this process, with its settings and its database. Another test may have left its language."""
    out, status = StringIO(), 0
    try:
        with translation.override("en"):
            call_command("doctor", "--json", *options, stdout=out)
    except SystemExit as end:
        status = int(end.code or 0)
    return Report(out.getvalue(), status)


def examined_beside(variables: dict[str, str], *options: str) -> Report:
    """In a process of its own, with the environment of a server."""
    done = doctor(variables, "--json", *options)
    assert done.stdout, done.stderr
    return Report(done.stdout, done.returncode)


def doctor(variables: dict[str, str], *options: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "manage.py", "doctor", *options],
        cwd=ROOT,
        env=variables,
        capture_output=True,
        text=True,
        check=False,
    )
