"""``manage.py demo``: the demo organization."""

from __future__ import annotations

import json
from argparse import ArgumentParser
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from chat.exceptions import ChatError
from chat.services.demo import answers_others, make_demo


class Command(BaseCommand):
    help = "Make the demo organization, or bring it up to date, and say how to log in to it."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--json", action="store_true", help="print one JSON object for programs")
        parser.add_argument("--yes", action="store_true", help="also on a server that others can reach")

    def handle(self, *args: Any, yes: bool, **options: Any) -> None:
        if answers_others() and not yes:
            raise CommandError(
                "This server answers under a name that others may reach (PUBLIC_URL or ALLOWED_HOSTS), and "
                "the demo adds accounts to it. If that is what you want: manage.py demo --yes"
            )
        try:
            told, rotated = make_demo()
        except ChatError as error:
            raise CommandError(str(error.message)) from error
        if rotated:
            self.stderr.write(f"The demo's passwords and key are new: {kept_in()} was lost, or did not fit.")
        self.stdout.write(json.dumps(told) if options["json"] else readable(told))


def readable(told: dict[str, str]) -> str:
    return "\n".join(
        [
            "There is a demo organization. Log in with one of these accounts:",
            f"  {told['adminUsername']:<12}{told['adminPassword']}  (an admin, who also sees /admin/)",
            f"  {told['username']:<12}{told['password']}",
            f"They are kept in {kept_in()}, and `manage.py demo` shows them again.",
        ]
    )


def kept_in() -> str:
    return str(settings.DATA_DIR / "demo.json")
