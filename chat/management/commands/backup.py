"""``manage.py backup``: everything that this installation holds, in one file, while it works."""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
import tomllib
from argparse import ArgumentParser
from collections.abc import Iterator
from datetime import UTC, datetime
from io import BytesIO
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.db import DatabaseError, connection

from chat.management.archives import DATABASES, Manifest, Writer
from chat.management.databases import database


class Command(BaseCommand):
    help = "Write database, uploaded files and secret key into one file. Servers may go on working."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("target", help="a directory, the name of a new file, or - for standard output")
        parser.add_argument(
            "--without-secret",
            action="store_true",
            help="leave out the secret key (keep it elsewhere: without it stored keys cannot be read) and "
            "the demo's passwords",
        )

    def handle(self, *args: Any, target: str, without_secret: bool, **options: Any) -> None:
        now = datetime.now(UTC)
        file = None if target == "-" else new_file(Path(target), now)
        try:
            self.write(file, now, without_secret=without_secret)
        except (OSError, DatabaseError) as error:
            raise CommandError(f"The backup could not be made: {error}") from error

    def write(self, file: Path | None, now: datetime, *, without_secret: bool) -> None:
        """First beside its place, so that under its name there is a whole backup or none."""
        with tempfile.TemporaryDirectory(dir=file.parent if file else settings.DATA_DIR) as folder:
            made = Path(folder, "backup.tar")
            manifest = make(made, now, without_secret=without_secret)
            if file is None:
                with made.open("rb") as content:
                    shutil.copyfileobj(content, sys.stdout.buffer)
            else:
                made.rename(file)
        counts = ", ".join(f"{count} {noun}" for noun, count in manifest.counts.items())
        self.stderr.write(f"{file or 'Backup'}: {counts}.", self.style.SUCCESS)
        if without_secret:
            self.stderr.write("The secret key is not in it: keep it elsewhere.")


def new_file(target: Path, now: datetime) -> Path:
    file = target / f"parley-{now:%Y-%m-%dT%H%M%SZ}.tar" if target.is_dir() else target
    if file.exists():
        raise CommandError(f"{file} exists already. Name another file, or a directory.")
    if not file.parent.is_dir():
        raise CommandError(f"There is no directory {file.parent}. Make it first.")
    return file


def make(made: Path, now: datetime, *, without_secret: bool) -> Manifest:
    """The database comes first: every file that its rows name is there already."""
    copy = made.with_name("database")
    copy.touch(mode=0o600)
    contents = database().snapshot(copy)
    manifest = Manifest(
        version=version(),
        made_at=now.isoformat(timespec="seconds"),
        database=connection.vendor,
        migrations=contents.migrations,
        counts=contents.counts,
    )
    with open(os.open(made, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        writer = Writer(file)
        writer.add_file(DATABASES[connection.vendor], copy)
        copy.unlink()
        for name, path in uploaded_files():
            writer.add_file(name, path)
        if not without_secret:
            key = settings.SECRET_KEY.encode()
            writer.add("secret_key", BytesIO(key), len(key))
            writer.add_file("demo.json", settings.DATA_DIR / "demo.json")
        writer.close(manifest)
        file.flush()
        os.fsync(file.fileno())
    return manifest


def uploaded_files() -> Iterator[tuple[str, Path]]:
    root: Path = settings.MEDIA_ROOT
    for path in sorted(root.rglob("*")):
        if path.is_file() and not path.is_symlink():
            yield f"media/{path.relative_to(root).as_posix()}", path


def version() -> str:
    told: str = tomllib.loads((settings.BASE_DIR / "pyproject.toml").read_text())["project"]["version"]
    return told
