"""``manage.py doctor``: what is wrong with this installation, and what to change."""

from __future__ import annotations

import asyncio
import json
import sys
import textwrap
import time
from argparse import ArgumentParser
from collections.abc import Collection, Sequence
from contextlib import aclosing
from dataclasses import asdict
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db import Error as DatabaseError

from chat.completions.http import aclose_client
from chat.doctor.checks import AREAS, examine, titles
from chat.doctor.findings import Finding, Level, summary
from chat.models import LanguageModel

LEVELS, TITLES, LINE = 9, 30, 120
DETAILS = 2 + LEVELS + TITLES


class Command(BaseCommand):
    help = (
        "Look at the settings, the database, Redis, the clock, the storage, the public address and the "
        "completions endpoint, and say what to change. Ends with 1 if something is wrong. A real question "
        "is asked of the endpoint, which costs up to about 250 tokens."
    )
    # They would end the command where it should say what is wrong.
    requires_system_checks = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--json", action="store_true", help="print one JSON object for programs")
        parser.add_argument("--only", nargs="+", choices=AREAS, default=AREAS, help="only these areas")
        parser.add_argument("--all-models", action="store_true", help="also ask every language model")
        parser.add_argument(
            "--model", action="append", default=[], metavar="NAME", help="also ask the language model NAME"
        )
        parser.add_argument("--slow", action="store_true", help="also what takes half a minute")

    def handle(
        self,
        *args: Any,
        only: Collection[str],
        model: list[str],
        all_models: bool,
        slow: bool,
        **options: Any,
    ) -> None:
        refuse_unknown(model)
        begun = time.monotonic()
        found = asyncio.run(self.examination(only, None if all_models else model, slow, not options["json"]))
        if options["json"]:
            self.stdout.write(as_json(found))
        else:
            self.stdout.write(f"\n{summary(found)} {time.monotonic() - begun:.1f} s")
        if any(finding.level is Level.WRONG for finding in found):
            sys.exit(1)

    async def examination(
        self, areas: Collection[str], models: Sequence[str] | None, slow: bool, tell: bool
    ) -> list[Finding]:
        """All findings; told as they come if ``tell``."""
        found: list[Finding] = []
        async with aclosing(examine(areas, models=models, slow=slow)) as findings:
            async for finding in findings:
                if tell:
                    self.tell(finding, begins_area=not found or found[-1].area != finding.area)
                found.append(finding)
        await aclose_client()
        return found

    def tell(self, finding: Finding, *, begins_area: bool) -> None:
        if begins_area:
            self.stdout.write(f"\n{self.style.MIGRATE_HEADING(titles()[finding.area])}")
        style = {
            Level.OK: self.style.SUCCESS,
            Level.WARNING: self.style.WARNING,
            Level.WRONG: self.style.ERROR,
        }
        level = style[finding.level](f"{finding.level:<{LEVELS}}")
        self.stdout.write(f"  {level}{finding.title:<{TITLES}}{wrapped(finding.detail, DETAILS)}")
        if finding.advice:
            self.stdout.write(f"{' ' * (DETAILS - 2)}→ {wrapped(finding.advice, DETAILS)}")
        self.stdout.flush()


def wrapped(text: str, margin: int) -> str:
    """Lines of the width of a page, all but the first with a margin; addresses stay whole."""
    lines = textwrap.wrap(text, LINE - margin, break_long_words=False, break_on_hyphens=False)
    return f"\n{' ' * margin}".join(lines)


def refuse_unknown(models: Collection[str]) -> None:
    if not models:
        return
    try:
        known = set(LanguageModel.objects.filter(name__in=models).values_list("name", flat=True))
    except DatabaseError:
        return  # the doctor will say so
    if unknown := set(models) - known:
        raise CommandError(f"There is no language model named {', '.join(sorted(unknown))}.")


def as_json(found: list[Finding]) -> str:
    counts = {level.value: sum(finding.level is level for finding in found) for level in Level}
    findings = [{"area": finding.area, **asdict(finding)} for finding in found]
    return json.dumps({"counts": counts, "findings": findings}, ensure_ascii=False, indent=2)
