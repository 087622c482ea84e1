"""What an examination found: one line for each thing that was looked at."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection
from dataclasses import dataclass
from enum import StrEnum

from django.utils.translation import ngettext


class Level(StrEnum):
    OK = "ok"
    WARNING = "warning"
    WRONG = "wrong"


@dataclass(frozen=True, slots=True)
class Finding:
    """``code`` is ``area.subject`` and stays the same in every language. ``detail`` says what was found,
    ``advice`` what to change; it is empty only when nothing has to be. None of them holds a secret."""

    code: str
    level: Level
    title: str
    detail: str
    advice: str = ""

    @property
    def area(self) -> str:
        return self.code.partition(".")[0]


@dataclass(frozen=True, slots=True)
class Subject:
    """What is looked at; its methods make the finding."""

    code: str
    title: str

    def ok(self, detail: str) -> Finding:
        return Finding(self.code, Level.OK, self.title, detail)

    def warning(self, detail: str, advice: str) -> Finding:
        return Finding(self.code, Level.WARNING, self.title, detail, advice)

    def wrong(self, detail: str, advice: str) -> Finding:
        return Finding(self.code, Level.WRONG, self.title, detail, advice)


def size(count: float) -> str:
    """Bytes as people read them."""
    for unit in ("bytes", "KB", "MB", "GB"):
        if count < 1000:
            return f"{count:.0f} {unit}" if count >= 10 or unit == "bytes" else f"{count:.1f} {unit}"
        count /= 1000
    return f"{count:.1f} TB"


def summary(findings: Collection[Finding]) -> str:
    counts = Counter(finding.level for finding in findings)
    text = ngettext(
        "%(wrong)d wrong, %(warning)d warning, %(ok)d ok.",
        "%(wrong)d wrong, %(warning)d warnings, %(ok)d ok.",
        counts[Level.WARNING],
    )
    return text % {level.value: counts[level] for level in Level}
