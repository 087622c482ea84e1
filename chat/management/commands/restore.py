"""``manage.py restore``: a backup in the place of what this installation holds."""

from __future__ import annotations

import shutil
import sys
import tempfile
from argparse import ArgumentParser
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError
from django.db import DatabaseError, connection, connections
from django.db.migrations.loader import MigrationLoader

from chat.doctor.processes import living
from chat.management.archives import DATABASES, SECRETS, Archive, BadArchive, Manifest, opened
from chat.management.commands.serve import lock_data
from chat.management.databases import database
from chat.models import Organization, ProcessLease, User
from chat.replies.leases import LEASE


class Command(BaseCommand):
    help = "Put a backup in place of what is here. Stop every server and worker first."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", help="what `manage.py backup` wrote, or - for standard input")
        parser.add_argument("--check", action="store_true", help="only read it whole and say what it holds")
        parser.add_argument(
            "--replace", action="store_true", help="even if people or organizations are here: it is set aside"
        )

    def handle(self, *args: Any, file: str, check: bool, replace: bool, **options: Any) -> None:
        try:
            with read(file) as archive:
                self.say(f"The backup is whole: {summary(archive.manifest)}.")
                if not check:
                    self.restore(archive, replace=replace)
        except BadArchive as error:
            raise CommandError(str(error)) from error
        except (OSError, DatabaseError) as error:
            raise CommandError(f"The backup could not be restored: {error}") from error

    def restore(self, archive: Archive, *, replace: bool) -> None:
        refuse_what_does_not_fit(archive.manifest)
        held = lock_data()
        refuse_while_somebody_works()
        inhabited = is_inhabited()
        if inhabited and not replace:
            raise CommandError(
                "There are people or organizations here already. To put the backup in their place (they are "
                "set aside, not deleted): manage.py restore --replace"
            )
        given = key_in_place() != settings.SECRET_KEY
        aside = settings.DATA_DIR / f"replaced-{datetime.now(UTC):%Y%m%dT%H%M%SZ}"
        try:
            schema = put_in_place(archive, aside)
            call_command("migrate", interactive=False, verbosity=0)
            # Those who held them are not here; their replies are ended as interrupted by the next server.
            ProcessLease.objects.all().delete()
        except (OSError, DatabaseError, CommandError) as error:
            raise CommandError(f"The backup could not be restored: {error}{left_aside(aside)}") from error
        self.say("The database is restored and has today's tables.")
        self.tell_of_the_old(aside, schema, inhabited=inhabited)
        self.tell_of_the_key(archive, given=given)
        held.close()

    def tell_of_the_old(self, aside: Path, schema: str, *, inhabited: bool) -> None:
        # An empty database may have taken the place of another one, whose uploaded files are still here.
        if any(aside.iterdir()) and (inhabited or has_files(aside / "media")):
            self.say(f"The files that were here before are in {aside}: delete them when nobody misses them.")
        else:
            shutil.rmtree(aside)
        if schema and not inhabited:
            with connection.cursor() as cursor:
                cursor.execute(f'DROP SCHEMA "{schema}" CASCADE')
        elif schema:
            self.say(
                f"The tables that were here before are in the schema {schema}: when nobody misses them, "
                f'DROP SCHEMA "{schema}" CASCADE'
            )

    def tell_of_the_key(self, archive: Archive, *, given: bool) -> None:
        if "secret_key" not in archive.names():
            self.say(
                "The backup has no secret key. Set SECRET_KEY to the one it was made with. With another one "
                "everybody has to log in again, and keys of language models have to be entered again."
            )
        elif given and key_in_place() != settings.SECRET_KEY:
            self.say(
                "SECRET_KEY is set, and is not the backup's key. Take it away, or set it to what is in "
                f"{settings.DATA_DIR / 'secret_key'}."
            )

    def say(self, sentence: str) -> None:
        self.stdout.write(sentence)


@contextmanager
def read(file: str) -> Iterator[Archive]:
    """From a file, or from standard input by way of one: the archive is read twice."""
    if file != "-":
        with opened(Path(file)) as archive:
            yield archive
        return
    settings.DATA_DIR.mkdir(mode=0o700, parents=True, exist_ok=True)
    with tempfile.NamedTemporaryFile(dir=settings.DATA_DIR) as copy:
        shutil.copyfileobj(sys.stdin.buffer, copy)
        copy.flush()
        with opened(Path(copy.name)) as archive:
            yield archive


def summary(manifest: Manifest) -> str:
    counts = ", ".join(f"{count} {noun}" for noun, count in manifest.counts.items())
    files = sum(name.startswith("media/") for name in manifest.members)
    made = f"made at {manifest.made_at} by Parley {manifest.version} on {manifest.database}"
    return f"{made}; {counts}, {files} files"


def refuse_what_does_not_fit(manifest: Manifest) -> None:
    if manifest.database != connection.vendor:
        raise CommandError(
            f"The backup is of {manifest.database} and DATABASE_URL names {connection.vendor}. Restore it "
            "into the kind of database that it came from."
        )
    known = {f"{app}.{name}" for app, name in MigrationLoader(None).disk_migrations}
    if unknown := [name for name in manifest.migrations if name not in known]:
        raise CommandError(
            f"The backup was made by a newer Parley ({manifest.version}): this one has no migration "
            f"{unknown[0]}. Restore it with that version."
        )


def exists() -> bool:
    if connection.vendor == "sqlite" and not Path(connection.settings_dict["NAME"]).is_file():
        return False
    return ProcessLease._meta.db_table in connection.introspection.table_names()


def refuse_while_somebody_works() -> None:
    """On PostgreSQL a server may work elsewhere, where no lock of ours tells of it."""
    if exists() and (names := ", ".join(living().values_list("name", flat=True))):
        raise CommandError(
            f"Parley works on this database ({names}). Stop every server and worker first; after a crash "
            f"try again in {LEASE.seconds} seconds."
        )


def is_inhabited() -> bool:
    return exists() and (User.objects.exists() or Organization.objects.exists())


def put_in_place(archive: Archive, aside: Path) -> str:
    """Everything is unpacked and checked before the first thing that was here is moved. Returns the schema
    with the old tables, if there is one."""
    with tempfile.TemporaryDirectory(dir=settings.DATA_DIR) as folder:
        new = Path(folder)
        for name in archive.names():
            archive.copy(name, new / name)
        source = new / DATABASES[connection.vendor]
        target = database()
        target.check(source)
        aside.mkdir(mode=0o700)
        schema = target.replace(source, aside)
        (new / "media").mkdir(mode=0o700, exist_ok=True)
        for name in ("media", *SECRETS):
            if not (new / name).exists():
                continue
            if (old := settings.DATA_DIR / name).exists():
                shutil.move(old, aside / name)
            shutil.move(new / name, old)
    connections.close_all()
    return schema


def left_aside(aside: Path) -> str:
    """Where what was here before is, after a restore that failed half-way; empty when it is in its place."""
    places = [str(aside)] if has_files(aside) else []
    if schema := database().set_aside(aside):
        places.append(f"the schema {schema}")
    if not places and aside.exists():
        shutil.rmtree(aside)
    return f"\nWhat was here before is not lost: it is in {' and '.join(places)}." if places else ""


def has_files(folder: Path) -> bool:
    return any(path.is_file() for path in folder.rglob("*"))


def key_in_place() -> str:
    file: Path = settings.DATA_DIR / "secret_key"
    return file.read_text().strip() if file.is_file() else ""
