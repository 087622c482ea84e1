"""The migrations: complete, and one line without branches."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from django.core.management import call_command

MIGRATIONS = Path(__file__).resolve().parent.parent / "chat" / "migrations"


@pytest.mark.django_db
def test_the_models_are_what_the_migrations_make() -> None:
    call_command("makemigrations", check=True, dry_run=True, verbosity=0)


def test_each_migration_follows_the_one_before_it() -> None:
    names = sorted(path.stem for path in MIGRATIONS.glob("[0-9]*.py"))
    assert [int(name[:4]) for name in names] == list(range(1, len(names) + 1))
    for before, name in zip(names, names[1:], strict=False):
        assert re.findall(r'\("chat", "(\d{4}_\w+)"\)', (MIGRATIONS / f"{name}.py").read_text()) == [before]
