"""Reading the environment where one variable needs more than a default."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path
from typing import Any

from django.core.exceptions import ImproperlyConfigured

WEAK = ("changeme", "change-me", "secret", "insecure", "password", "please", "example", "your-")


def secret_key(given: str, *, data_dir: Path) -> str:
    """The given key, else the one in ``DATA_DIR/secret_key``. Refuses an absent or a weak one."""
    key, place = given, "SECRET_KEY"
    if not key:
        file = data_dir / "secret_key"
        key, place = (file.read_text().strip(), str(file)) if file.is_file() else ("", "SECRET_KEY")
    if not key:
        raise ImproperlyConfigured(
            "SECRET_KEY is not set. Set it to at least 50 random characters (python -c "
            "'import secrets; print(secrets.token_urlsafe(50))') and keep it: it opens the stored secrets. "
            "`make run` makes one for you."
        )
    if len(key) < 32 or len(set(key)) < 10 or any(word in key.lower() for word in WEAK):
        raise ImproperlyConfigured(
            f"{place} is too weak: it signs sessions and opens the stored secrets. Use at least 50 random "
            "characters: python -c 'import secrets; print(secrets.token_urlsafe(50))'"
        )
    return key


def one_of(name: str, given: str, allowed: list[str]) -> str:
    if given not in allowed:
        raise ImproperlyConfigured(f"{name} is {given!r}. Set it to one of: {', '.join(allowed)}.")
    return given


def require(module: str, variable: str) -> None:
    """Refuses where what the variable needs is not installed."""
    if find_spec(module) is None:
        raise ImproperlyConfigured(
            f"{variable} needs what is not installed here: .venv/bin/uv sync --frozen --no-dev "
            "--extra production"
        )


def database(url: dict[str, Any]) -> dict[str, Any]:
    """The options without which SQLite loses writes and PostgreSQL loses connections under ASGI."""
    if url["ENGINE"] == "django.db.backends.sqlite3":
        url["OPTIONS"] = {
            # IMMEDIATE takes the write lock at the beginning: 922 of 1,000 concurrent transactions failed
            # without it, none with it.
            "transaction_mode": "IMMEDIATE",
            "timeout": 20,
            "init_command": (
                "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA foreign_keys=ON; "
                "PRAGMA journal_size_limit=67108864;"
            ),
            **url.get("OPTIONS", {}),
        }
        # It stays with its thread: opening it costs more than most of what is asked of it.
        url["CONN_MAX_AGE"] = None
    elif url["ENGINE"] == "django.db.backends.postgresql":
        require("psycopg", "DATABASE_URL")
        url["OPTIONS"] = {
            # Whoever finds all connections taken outlasts a lock of ten seconds.
            "pool": {"min_size": 2, "max_size": 10, "timeout": 15},
            # A machine that vanishes says nothing: Linux itself would wait for it for a quarter of an hour.
            "keepalives_idle": 10,
            "keepalives_interval": 5,
            "keepalives_count": 3,
            "tcp_user_timeout": 15_000,
            **url.get("OPTIONS", {}),
        }
        url["CONN_MAX_AGE"] = 0
    return url


def bucket(name: str, *, endpoint: str, region: str, key: str, secret: str) -> dict[str, Any]:
    """The storage of uploaded files in a bucket of S3, below ``media/`` as in the folder. Without a key the
    machine's own rights count."""
    from botocore.config import Config

    options = {
        "bucket_name": name,
        "location": "media",
        "endpoint_url": endpoint or None,
        "region_name": region or None,
        "access_key": key or None,
        "secret_key": secret or None,
        "client_config": Config(
            signature_version="s3v4",
            # Servers of one's own seldom have a host name for each bucket.
            s3={"addressing_style": "path" if endpoint else "auto"},
            # Somebody waits: its own patience is minutes.
            connect_timeout=5,
            read_timeout=20,
            retries={"max_attempts": 2},
        ),
        "default_acl": None,
        # Our names are random: to look first whether one is taken would cost a request.
        "file_overwrite": True,
    }
    return {"BACKEND": "storages.backends.s3.S3Storage", "OPTIONS": options}
