"""The migrations: complete, and one line without branches."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command
from django.db.migrations import AddField, DeleteModel, RemoveField, RenameField, RenameModel
from django.db.migrations.loader import MigrationLoader
from django.db.models import NOT_PROVIDED, ManyToManyField

MIGRATIONS = Path(__file__).resolve().parent.parent / "chat" / "migrations"


@pytest.mark.django_db
def test_the_models_are_what_the_migrations_make() -> None:
    call_command("makemigrations", check=True, dry_run=True, verbosity=0)


def test_each_migration_follows_the_one_before_it() -> None:
    names = sorted(path.stem for path in MIGRATIONS.glob("[0-9]*.py"))
    assert [int(name[:4]) for name in names] == list(range(1, len(names) + 1))
    for before, name in zip(names, names[1:], strict=False):
        assert re.findall(r'\("chat", "(\d{4}_\w+)"\)', (MIGRATIONS / f"{name}.py").read_text()) == [before]


#: Nothing wrote jobs before the migration that made these fields, nor contacts before there was an API.
NOBODY_WROTE = {
    "0005_background_work.fence",
    "0005_background_work.given_up",
    "0008_rest_api.remove_contact_inbox",
}


def test_servers_of_the_version_before_go_on_working_while_the_tables_are_new_already() -> None:
    """Processes are replaced one after the other: an old one does not fill in a new field, and looks for what
    it knows. What nobody needs any more is taken away one version later, and named here."""
    loader = MigrationLoader(None)
    breaking = set()
    for (app, name), migration in loader.disk_migrations.items():
        if app != "chat" or name == "0001_initial":
            continue
        for operation in migration.operations:
            if isinstance(operation, RemoveField | RenameField | RenameModel | DeleteModel):
                breaking.add(f"{name}.{operation.migration_name_fragment}")
            elif isinstance(operation, AddField) and not fills_itself(operation.field):
                breaking.add(f"{name}.{operation.name}")
    assert breaking - NOBODY_WROTE == set()


def fills_itself(field: Any) -> bool:
    return field.null or field.db_default is not NOT_PROVIDED or isinstance(field, ManyToManyField)
