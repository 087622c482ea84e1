"""compose.yaml and the Dockerfile keep their promises, as far as that can be read in them."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.test_docs import OF_THE_IMAGE, settings

ROOT = Path(__file__).resolve().parent.parent
TEXT = (ROOT / "compose.yaml").read_text()
COMPOSE: dict[str, Any] = yaml.safe_load(TEXT)
SERVICES: dict[str, dict[str, Any]] = COMPOSE["services"]
OURS = {name: service for name, service in SERVICES.items() if service["image"] == "parley"}
LASTING = {name: service for name, service in SERVICES.items() if service["restart"] != "no"}
ENVIRONMENT = {"PUBLIC_URL": "https://chat.example.com", "POSTGRES_PASSWORD": "0123456789abcdef"}


def has_compose() -> bool:
    docker = shutil.which("docker")
    asked = docker and subprocess.run([docker, "compose", "version"], capture_output=True, check=False)
    return bool(asked) and asked.returncode == 0


@pytest.mark.skipif(not has_compose(), reason="LEFT OUT: `docker compose` is not installed")
def test_docker_compose_takes_the_file(tmp_path: Path) -> None:
    shutil.copy(ROOT / "compose.yaml", tmp_path)
    (tmp_path / ".env").write_text("".join(f"{name}={value}\n" for name, value in ENVIRONMENT.items()))
    subprocess.run(["docker", "compose", "config", "--quiet"], cwd=tmp_path, check=True)


def test_only_the_proxy_can_be_reached_from_outside() -> None:
    assert [name for name, service in SERVICES.items() if "ports" in service] == ["caddy"]


def test_everything_that_lasts_is_watched_comes_back_and_keeps_a_bounded_log() -> None:
    for name, service in LASTING.items():
        assert service["healthcheck"]["test"][0] == "CMD", name
        assert service["restart"] == "unless-stopped", name
        assert set(service["logging"]["options"]) == {"max-size", "max-file"}, name


def test_what_takes_too_much_memory_is_ended_instead_of_everything_else() -> None:
    for name in ("web", "worker"):
        service = SERVICES[name]
        assert service["mem_limit"] == service["memswap_limit"], name
        files = int(re.fullmatch(r"/tmp:size=(\d+)m", service["tmpfs"][0])[1])  # they are memory too
        assert int(service["mem_limit"].removesuffix("g")) * 1024 >= files + 1024, name
    unit = (ROOT / "docs/operate.md").read_text()
    assert f"MemoryMax={SERVICES['web']['mem_limit'].upper()}\n" in unit


def test_what_parley_runs_in_can_write_to_nothing_but_its_data() -> None:
    assert set(OURS) == {"migrate", "web", "worker"}
    for name, service in OURS.items():
        assert service["read_only"], name
        assert service["cap_drop"] == ["ALL"], name
        assert service["volumes"] == ["data:/data"], name
        assert int(service["stop_grace_period"].removesuffix("s")) >= 50, name


def test_the_database_is_migrated_once_before_anything_else_starts() -> None:
    assert SERVICES["migrate"]["entrypoint"] == ["python", "-m", "config.first_run", "database"]
    for name in ("web", "worker"):
        assert SERVICES[name]["environment"]["MIGRATE_ON_START"] == "false"
        assert SERVICES[name]["depends_on"]["migrate"] == {"condition": "service_completed_successfully"}
        assert SERVICES[name]["depends_on"]["postgres"] == {"condition": "service_healthy"}


def test_each_variable_is_a_setting_and_stands_in_the_example() -> None:
    example = set(re.findall(r"^# ([A-Z_]+)=", (ROOT / ".env.example").read_text(), re.MULTILINE))
    assert set(re.findall(r"\$\{(\w+)", TEXT)) <= example
    assert set(SERVICES["web"]["environment"]) <= settings() | OF_THE_IMAGE


def test_what_has_to_be_chosen_is_asked_for_in_a_sentence() -> None:
    for name in ENVIRONMENT:
        assert re.search(rf"\$\{{{name}:\?Write {name} into \.env - .{{20,}}\}}", TEXT), name


def test_volumes_and_files_that_are_named_exist() -> None:
    mounts = [one.split(":")[0] for service in SERVICES.values() for one in service.get("volumes", ())]
    assert {mount for mount in mounts if not mount.startswith(".")} == set(COMPOSE["volumes"])
    assert all((ROOT / mount).is_file() for mount in mounts if mount.startswith("."))


def test_the_image_runs_as_nobody_in_particular_and_is_ended_gently() -> None:
    image = (ROOT / "Dockerfile").read_text().rpartition("\nFROM ")[2]
    assert re.search(r"^USER [1-9]\d*:[1-9]\d*$", image, re.MULTILINE)
    assert re.search(r"^STOPSIGNAL SIGTERM$", image, re.MULTILINE)
    assert re.search(r"^HEALTHCHECK .*\\\n.*/healthz", image, re.MULTILINE)
    assert "exec python manage.py" in image


def test_a_container_prepares_key_and_tables_and_nothing_else(tmp_path: Path) -> None:
    environment = {"PATH": os.environ["PATH"], "ENV_FILE": os.devnull, "DATA_DIR": str(tmp_path / "data")}
    command = [sys.executable, "-m", "config.first_run", "database"]
    subprocess.run(command, cwd=ROOT, env=environment, check=True)
    files = {file.name for file in (tmp_path / "data").iterdir()}
    assert files >= {"secret_key", "parley.sqlite3"}
    assert not files & {"demo.json"}
