"""What the settings refuse, and what they turn on without being asked."""

from __future__ import annotations

import ast
import secrets
import subprocess
import sys
from pathlib import Path

import pytest
from django.db import connection

from tests.harness.command import bare_environment, manage
from tests.harness.server import ROOT


def test_without_a_secret_key_it_refuses_with_a_sentence(tmp_path: Path) -> None:
    done = manage(tmp_path, "check")
    assert done.returncode == 1
    assert done.stderr.startswith("parley: SECRET_KEY is not set.")
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize(
    "key", ["short", "changeme" * 8, "a" * 64, "django-insecure-q8Zk1Lw0sTn5Yb7Rd2Gf9Hj4Mc6PaX3v"]
)
def test_a_weak_secret_key_is_refused_with_a_sentence(key: str, tmp_path: Path) -> None:
    done = manage(tmp_path, "check", SECRET_KEY=key)
    assert done.returncode == 1
    assert done.stderr.startswith("parley: SECRET_KEY is too weak")
    assert "Traceback" not in done.stderr
    assert key not in done.stderr


def test_the_secret_key_is_read_from_its_file(tmp_path: Path) -> None:
    (tmp_path / "secret_key").write_text(secrets.token_urlsafe(50))
    assert manage(tmp_path, "check").returncode == 0


def test_the_first_run_makes_a_secret_key_that_only_its_owner_reads_and_keeps_it(tmp_path: Path) -> None:
    data = tmp_path / "new data"
    make = [sys.executable, "-c", "from config.first_run import ensure_secret_key; ensure_secret_key()"]
    keys = set()
    for _ in range(2):
        subprocess.run(make, cwd=ROOT, env=bare_environment(data), check=True)
        keys.add((data / "secret_key").read_text())
    assert len(keys) == 1
    assert (data / "secret_key").stat().st_mode & 0o777 == 0o600
    assert manage(data, "check").returncode == 0


def test_the_first_run_makes_a_database_that_only_its_owner_reads(tmp_path: Path) -> None:
    tmp_path.chmod(0o755)
    make = [
        sys.executable,
        "-c",
        "from config import first_run; first_run.collect_static_files = int; first_run.main()",
    ]
    subprocess.run(make, cwd=ROOT, env=bare_environment(tmp_path), check=True, capture_output=True)
    private = {
        file.name for file in tmp_path.iterdir() if file.is_file() and file.stat().st_mode & 0o077 == 0
    }
    assert private >= {"parley.sqlite3", "secret_key", "demo.json"}


def test_debug_is_off_unless_it_is_asked_for(tmp_path: Path) -> None:
    script = "from django.conf import settings; print(settings.DEBUG)"
    key = secrets.token_urlsafe(50)
    assert manage(tmp_path, "shell", "--no-imports", "-c", script, SECRET_KEY=key).stdout == "False\n"
    asked = manage(tmp_path, "shell", "--no-imports", "-c", script, SECRET_KEY=key, DEBUG="true")
    assert asked.stdout == "True\n"


@pytest.mark.django_db(transaction=True)
@pytest.mark.skipif(connection.vendor != "sqlite", reason="these are SQLite's own options")
def test_a_connection_to_sqlite_has_the_options_without_which_writes_are_lost() -> None:
    def pragma(name: str) -> object:
        with connection.cursor() as cursor:
            return cursor.execute(f"PRAGMA {name}").fetchone()[0]

    assert pragma("journal_mode") == "wal"
    assert pragma("synchronous") == 2
    assert pragma("foreign_keys") == 1
    assert pragma("busy_timeout") == 20_000
    assert connection.settings_dict["OPTIONS"]["transaction_mode"] == "IMMEDIATE"


def test_postgresql_that_vanishes_is_given_up_when_the_address_says(tmp_path: Path) -> None:
    asked = (
        "from django.db import connection;"
        "options = connection.get_connection_params();"
        "print({name: options[name] for name in options if name[:4] in ('keep', 'tcp_')})"
    )
    variables = {
        "SECRET_KEY": secrets.token_urlsafe(50),
        "DATABASE_URL": "postgres://parley@127.0.0.1/parley?keepalives_idle=60",
    }
    options = ast.literal_eval(manage(tmp_path, "shell", "--no-imports", "-c", asked, **variables).stdout)
    assert {name: int(value) for name, value in options.items()} == {
        "keepalives_idle": 60,
        "keepalives_interval": 5,
        "keepalives_count": 3,
        "tcp_user_timeout": 15_000,
    }


@pytest.mark.parametrize(
    ("public", "proxies"), [("https://chat.example.com", "1"), ("http://chat.example.com", "0"), ("", "0")]
)
def test_a_proxys_word_for_an_address_counts_only_where_there_is_one(
    public: str, proxies: str, tmp_path: Path
) -> None:
    asked = "from django.conf import settings; print(settings.ALLAUTH_TRUSTED_PROXY_COUNT)"
    variables = {"SECRET_KEY": secrets.token_urlsafe(50), "PUBLIC_URL": public}
    assert manage(tmp_path, "shell", "--no-imports", "-c", asked, **variables).stdout == f"{proxies}\n"
