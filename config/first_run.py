"""What must be true before the server starts: ``python -m config.first_run [database]``.

1. There is a secret key.
2. The database has today's tables.
3. The static files are collected.
4. A new installation has the demo organization, and it is said how to log in.

Each step looks first and does nothing where nothing is to be done, so `make run` passes here every time. With
``database`` it takes the first two, for a container: its image has the static files, and it needs no demo.
"""

from __future__ import annotations

import hashlib
import json
import os
import secrets
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import environ

BASE_DIR = Path(__file__).resolve().parent.parent


def main() -> None:
    ensure_secret_key()
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    import django
    from django.core.exceptions import ImproperlyConfigured
    from django.core.management import CommandError
    from django.db import OperationalError

    try:
        django.setup()
        migrate()
        if sys.argv[1:] != ["database"]:
            collect_static_files()
            ensure_demo()
    except (ImproperlyConfigured, CommandError, OperationalError) as error:
        sys.exit(f"parley: {error}")


def ensure_secret_key() -> None:
    """Write ``DATA_DIR/secret_key`` where no key is set: the settings refuse to load without one."""
    env = environ.FileAwareEnv()  # type: ignore[no-untyped-call]
    env.read_env(env.str("ENV_FILE", default=str(BASE_DIR / ".env")))
    if env.str("SECRET_KEY", default=""):
        return
    file = Path(env.str("DATA_DIR", default=str(BASE_DIR / "var"))) / "secret_key"
    if file.exists():
        return
    file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    # A temporary file is readable by its owner alone, and the rename shows a whole key or none.
    with tempfile.NamedTemporaryFile("w", dir=file.parent, delete=False) as new:
        new.write(secrets.token_urlsafe(50) + "\n")
    Path(new.name).replace(file)


def make_private(file: Path) -> None:
    """SQLite's own files follow the first one: sessions and messages are its owner's alone to read, also in a
    folder that others may enter."""
    file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    file.touch(mode=0o600)


def migrate() -> None:
    from django.core.management import call_command
    from django.db import connection
    from django.db.migrations.executor import MigrationExecutor

    if connection.vendor == "sqlite":
        make_private(Path(connection.settings_dict["NAME"]))
    executor = MigrationExecutor(connection)
    if executor.migration_plan(executor.loader.graph.leaf_nodes()):
        print("Preparing the database.", flush=True)
        call_command("migrate", verbosity=0, interactive=False)


def collect_static_files() -> None:
    """Collect when a file, a package or the storage differs from what was collected last."""
    from django.conf import settings
    from django.core.management import call_command

    stamp = Path(settings.STATIC_ROOT) / ".collected"
    current = fingerprint(settings.STORAGES["staticfiles"]["BACKEND"])
    if stamp.is_file() and stamp.read_text() == current:
        return
    print("Preparing the static files.", flush=True)
    call_command("collectstatic", verbosity=0, interactive=False)
    stamp.write_text(current)


def fingerprint(storage: str) -> str:
    digest = hashlib.sha256(storage.encode())
    digest.update((BASE_DIR / "uv.lock").read_bytes())
    for path in sorted(static_sources()):
        state = path.stat()
        digest.update(f"{path.relative_to(BASE_DIR)} {state.st_size} {state.st_mtime_ns}\n".encode())
    return digest.hexdigest()


def static_sources() -> Iterator[Path]:
    for directory, folders, files in os.walk(BASE_DIR / "static"):
        folders[:] = [name for name in folders if name != "node_modules"]
        yield from (Path(directory, name) for name in files)


def ensure_demo() -> None:
    """On the first start make it; on each say how to log in, as long as its accounts are kept."""
    from django.conf import settings
    from django.core.management import CommandError, call_command

    from chat.management.commands.demo import readable
    from chat.models import Organization

    kept = settings.DATA_DIR / "demo.json"
    if Organization.objects.exists():
        print(readable(json.loads(kept.read_text())) if kept.is_file() else "", flush=True)
        return
    try:
        call_command("demo")
    except CommandError as refusal:
        print(
            f"{refusal}\nOr begin with an organization of your own: manage.py create_organization", flush=True
        )


if __name__ == "__main__":
    main()
