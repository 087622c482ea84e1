"""``manage.py doctor`` on whole installations: a healthy one, and ones with something broken in it."""

from __future__ import annotations

import sqlite3
import stat
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from django.test import override_settings
from django.utils import timezone

from chat.models import Job
from tests.doctor.examining import doctor, examined, examined_beside
from tests.harness.elsewhere import another_process
from tests.harness.server import SECRET_KEY, Server, environment, free_port
from tests.services import own_redis
from tests.simulator import SimulatorProcess

AREAS = ["settings", "storage", "database", "redis", "processes", "clock", "public", "completions"]


@pytest.fixture(scope="module")
def healthy(simulator: SimulatorProcess, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """With DEBUG nobody has to collect its static files; the doctor itself runs without."""
    variables = {"COMPLETIONS_MODEL": "sim:tokens=400,rate=100", "MAX_RUNNING_REPLIES": "300"}
    with Server(tmp_path_factory.mktemp("data"), simulator.url, **variables, DEBUG="true") as server:
        server.variables["DEBUG"] = "false"
        yield server


def test_a_healthy_server_is_ok_in_every_line(healthy: Server) -> None:
    report = examined_beside(healthy.variables)
    assert (report.troubles, report.status) == ({}, 0)
    assert list(dict.fromkeys(one["area"] for one in report.findings)) == AREAS
    assert len(report.findings) > 30
    assert SECRET_KEY not in report.text


def test_for_people_it_prints_a_line_for_each_thing_and_the_sum(healthy: Server) -> None:
    done = doctor({**healthy.variables, "DEBUG": "true"}, "--only", "settings", "storage")
    assert done.returncode == 0
    lines = done.stdout.splitlines()
    assert "  ok       Data directory                " in done.stdout
    advised = next(number for number, line in enumerate(lines) if line.startswith("  warning  Debug mode"))
    assert lines[advised + 1].strip().startswith("→ Set DEBUG=false")
    assert "0 wrong, 1 warning," in lines[-1]


def test_without_a_server_it_says_so(healthy: Server) -> None:
    variables = {**healthy.variables, "PORT": str(free_port())}
    report = examined_beside(variables, "--only", "public")
    assert report.status == 1
    assert "Start the server" in report["public.reachable"]["advice"]


def test_an_empty_database_wants_its_migrations(tmp_path: Path) -> None:
    report = examined_beside(environment(tmp_path), "--only", "database", "processes")
    assert report.troubles["database.migrations"] == "wrong"
    assert "manage.py migrate" in report["database.migrations"]["advice"]
    assert report.status == 1


def test_a_damaged_database_is_found(tmp_path: Path, simulator: SimulatorProcess) -> None:
    server = Server(tmp_path)
    if "DATABASE_URL" in server.variables:
        pytest.skip("a file of SQLite is damaged")
    file = tmp_path / "parley.sqlite3"
    with sqlite3.connect(file) as database:
        database.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        (page,) = database.execute(
            "SELECT rootpage FROM sqlite_master WHERE name = 'chat_message_conversation_id_position'"
            " OR (type = 'index' AND tbl_name = 'django_session' AND sql IS NOT NULL)"
        ).fetchone()
        (size,) = database.execute("PRAGMA page_size").fetchone()
    with file.open("r+b") as damaged:
        damaged.seek((page - 1) * size)
        damaged.write(b"\xff" * 200)
    report = examined_beside(server.variables, "--only", "database")
    assert report["database.integrity"]["level"] == "wrong"
    assert "backup" in report["database.integrity"]["advice"]


def test_several_processes_need_something_to_share(tmp_path: Path) -> None:
    with Server(tmp_path) as server, another_process(server):
        report = examined_beside(server.variables, "--only", "processes")
    assert report.troubles == {"processes.shared": "wrong"}
    assert "REDIS_URL=" in report["processes.shared"]["advice"]
    assert "elsewhere:1" in report["processes.alive"]["detail"]


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(("minutes", "level"), [(0, "ok"), (3, "warning"), (30, "wrong")])
def test_work_that_nobody_does_is_told(minutes: int, level: str) -> None:
    Job.objects.create(kind="webhook", run_at=timezone.now() - timedelta(minutes=minutes))
    report = examined("--only", "processes")
    assert report["processes.jobs"]["level"] == level
    assert level == "ok" or f"not done: 1; the oldest for {minutes} min" in report.text


@pytest.mark.django_db(transaction=True)
def test_work_that_was_given_up_is_warned_of() -> None:
    Job.objects.create(kind="webhook", done_at=timezone.now(), given_up=True)
    assert examined("--only", "processes")["processes.jobs"]["level"] == "warning"


def test_redis_is_written_to_and_read_from(tmp_path: Path) -> None:
    port = free_port()
    with own_redis(tmp_path, port):
        variables = environment(tmp_path, REDIS_URL=f"redis://127.0.0.1:{port}/0")
        report = examined_beside(variables, "--only", "redis")
    assert (report.troubles, report.status) == ({}, 0)
    assert {one["code"] for one in report.findings} == {
        "redis.reachable",
        "redis.streams",
        "redis.messages",
        "redis.memory",
    }


def test_a_key_that_others_can_read_is_warned_of(tmp_path: Path) -> None:
    variables = environment(tmp_path)
    (tmp_path / "secret_key").write_text(variables.pop("SECRET_KEY"))
    (tmp_path / "secret_key").chmod(0o644)
    report = examined_beside(variables, "--only", "settings", "storage")
    assert report["settings.secret_key"]["level"] == "warning"
    assert f"chmod 600 {tmp_path}/secret_key" in report["settings.secret_key"]["advice"]
    assert SECRET_KEY not in report.text
    assert stat.S_IMODE((tmp_path / "secret_key").stat().st_mode) == 0o644


def test_a_public_address_with_a_path_is_wrong() -> None:
    with override_settings(PUBLIC_URL="https://example.com/chat"):
        assert examined("--only", "settings")["settings.public_url"]["level"] == "wrong"


def test_open_to_others_without_tls_or_with_debugging_is_told() -> None:
    with override_settings(PUBLIC_URL="http://chat.example.com", DEBUG=True):
        report = examined("--only", "settings")
    assert report.troubles["settings.debug"] == "wrong"
    assert report.troubles["settings.https"] == "warning"


def test_a_data_directory_that_cannot_be_written_is_wrong() -> None:
    nowhere = Path("/proc/nothing")
    with override_settings(DATA_DIR=nowhere, MEDIA_ROOT=nowhere / "media"):
        report = examined("--only", "storage")
    assert report.troubles == {"storage.data": "wrong", "storage.files": "wrong"}
    assert report.status == 1


def test_every_line_that_is_not_ok_says_what_to_change(tmp_path: Path) -> None:
    """The worst of installations: nothing that is set is there."""
    variables = environment(
        tmp_path,
        PUBLIC_URL=f"http://127.0.0.1:{free_port()}",
        REDIS_URL=f"redis://:p4ssw0rd@127.0.0.1:{free_port()}/0",
        COMPLETIONS_PROVIDER="openai",
        COMPLETIONS_URL="http://nowhere.invalid/v1",
        DEBUG="true",
    )
    report = examined_beside(variables)
    assert report.status == 1
    assert len(report.troubles) >= 6
    for finding in report.findings:
        assert finding["detail"], finding
        assert bool(finding["advice"]) == (finding["level"] != "ok"), finding
    assert "See that it runs" in report["redis.reachable"]["advice"]
    assert "p4ssw0rd" not in report.text
