"""``manage.py backup`` and ``manage.py restore``: what is kept, and which files are refused."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import sqlite3
import subprocess
import sys
import tarfile
from collections.abc import Callable
from contextlib import closing
from io import BytesIO
from pathlib import Path
from uuid import uuid4

import pytest
from django.core.management import CommandError, call_command

from tests.harness.command import bare_environment, manage
from tests.harness.server import ROOT, SECRET_KEY

Members = dict[str, bytes]


#: The key of the installation in whose place a backup is put.
OTHER = {"SECRET_KEY": "other-" + SECRET_KEY}


@pytest.fixture(scope="module")
def empty(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The tables alone; to be copied."""
    folder: Path = tmp_path_factory.mktemp("empty")
    assert manage(folder, "migrate", "--verbosity", "0", SECRET_KEY=SECRET_KEY).returncode == 0
    return folder


@pytest.fixture(scope="module")
def data(empty: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An installation with people, documents and an uploaded file."""
    folder: Path = tmp_path_factory.mktemp("data") / "installation"
    shutil.copytree(empty, folder)
    (folder / "secret_key").write_text(SECRET_KEY)
    (folder / "media" / "a").mkdir(parents=True)
    (folder / "media" / "a" / "photo.png").write_bytes(b"\x89PNG")
    assert manage(folder, "demo").returncode == 0
    return folder


@pytest.fixture(scope="module")
def inhabited(empty: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The installation of somebody else; to be copied."""
    folder: Path = tmp_path_factory.mktemp("other") / "installation"
    shutil.copytree(empty, folder)
    owner = ("--owner-email", "dora@example.com")
    assert manage(folder, "create_organization", "Fernhill", *owner, **OTHER).returncode == 0
    return folder


@pytest.fixture
def other(inhabited: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(inhabited, tmp_path / "other"))


@pytest.fixture(scope="module")
def backup(data: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder: Path = tmp_path_factory.mktemp("backups")
    done = manage(data, "backup", str(folder))
    assert done.returncode == 0, done.stderr
    (file,) = folder.iterdir()
    return file


def members_of(file: Path) -> Members:
    with tarfile.open(file) as tar:
        return {member.name: tar.extractfile(member).read() for member in tar}  # type: ignore[union-attr]


def people_in(data: Path) -> list[str]:
    with closing(sqlite3.connect(data / "parley.sqlite3")) as database:
        return [name for (name,) in database.execute("SELECT username FROM chat_user ORDER BY username")]


def test_a_backup_is_one_file_for_its_owner_alone_that_says_what_it_holds(data: Path, backup: Path) -> None:
    assert backup.stat().st_mode & 0o777 == 0o600
    members = members_of(backup)
    assert set(members) == {
        "database.sqlite3", "media/a/photo.png", "secret_key", "demo.json", "manifest.json",
    }  # fmt: skip
    manifest = json.loads(members["manifest.json"])
    assert manifest["counts"]["users"] == 2
    assert "chat.0001_initial" in manifest["migrations"]
    assert (
        manifest["members"]["media/a/photo.png"]["sha256"]
        == hashlib.sha256(members["media/a/photo.png"]).hexdigest()
    )


def test_the_secret_stays_out_when_it_is_kept_elsewhere(data: Path, tmp_path: Path) -> None:
    file = tmp_path / "open.tar"
    assert manage(data, "backup", "--without-secret", str(file)).returncode == 0
    members = members_of(file)
    assert not {"secret_key", "demo.json"} & set(members)
    assert not any(SECRET_KEY.encode() in content for content in members.values())
    done = manage(tmp_path / "new", "restore", str(file))
    assert "Set SECRET_KEY to the one it was made with" in done.stdout


def test_a_backup_never_takes_the_place_of_another_file(data: Path, backup: Path) -> None:
    before = backup.read_bytes()
    done = manage(data, "backup", str(backup))
    assert (done.returncode, "exists already" in done.stderr) == (1, True)
    assert backup.read_bytes() == before


def test_a_new_machine_gets_everything_from_the_file_alone(data: Path, backup: Path, tmp_path: Path) -> None:
    new = tmp_path / "new"
    done = manage(new, "restore", str(backup))
    assert done.returncode == 0, done.stderr
    assert people_in(new) == ["demo", "demo-admin"]
    assert (new / "secret_key").read_text() == SECRET_KEY
    assert (new / "media" / "a" / "photo.png").read_bytes() == b"\x89PNG"
    assert manage(new, "demo", "--json").stdout == manage(data, "demo", "--json").stdout
    assert [file.name for file in new.rglob("*") if file.is_file() and file.stat().st_mode & 0o077] == [
        "server.lock"
    ]


def test_what_is_there_already_is_replaced_only_when_that_is_asked_for_and_then_set_aside(
    backup: Path, other: Path
) -> None:
    refused = manage(other, "restore", str(backup), **OTHER)
    assert (refused.returncode, "restore --replace" in refused.stderr) == (1, True)
    assert people_in(other) == ["dora"]
    done = manage(other, "restore", "--replace", str(backup), **OTHER)
    assert done.returncode == 0, done.stderr
    assert "SECRET_KEY is set, and is not the backup's key" in done.stdout
    assert people_in(other) == ["demo", "demo-admin"]
    (aside,) = other.glob("replaced-*")
    assert people_in(aside) == ["dora"]


@pytest.mark.parametrize(("beat", "refused"), [("+0 seconds", True), ("-1 hour", False), ("+1 hour", False)])
def test_nothing_is_restored_under_a_process_that_is_alive(
    backup: Path, other: Path, beat: str, refused: bool
) -> None:
    """One that beat in an hour from now did so before the clock was put back."""
    with closing(sqlite3.connect(other / "parley.sqlite3")) as database, database:
        row = "INSERT INTO chat_processlease VALUES (?, 'shop:7', datetime('now'), datetime('now', ?))"
        database.execute(row, (uuid4().hex, beat))
    done = manage(other, "restore", "--replace", str(backup), **OTHER)
    assert ("Parley works on this database (shop:7)" in done.stderr) == refused
    assert people_in(other) == (["dora"] if refused else ["demo", "demo-admin"])


def test_a_restore_that_fails_half_way_says_where_what_was_here_before_is(
    backup: Path, other: Path, tmp_path: Path
) -> None:
    """The backup's tables do not fit what it says of its migrations."""

    def forget(members: Members) -> None:
        file = tmp_path / "database.sqlite3"
        file.write_bytes(members["database.sqlite3"])
        with closing(sqlite3.connect(file)) as database:
            newest = "SELECT max(name) FROM django_migrations WHERE app = 'chat'"
            database.execute(f"DELETE FROM django_migrations WHERE app = 'chat' AND name = ({newest})")  # noqa: S608
            database.commit()
        content = file.read_bytes()
        manifest = json.loads(members["manifest.json"])
        digest = hashlib.sha256(content).hexdigest()
        manifest["members"]["database.sqlite3"] = {"size": len(content), "sha256": digest}
        members |= {"database.sqlite3": content, "manifest.json": json.dumps(manifest).encode()}

    file = rewritten(backup, tmp_path / "odd.tar", forget)
    done = manage(other, "restore", "--replace", str(file), **OTHER)
    assert done.returncode == 1
    assert "Traceback" not in done.stderr
    (aside,) = other.glob("replaced-*")
    assert f"not lost: it is in {aside}." in done.stderr
    assert people_in(aside) == ["dora"]


def test_files_that_an_empty_database_knows_nothing_of_are_set_aside_with_their_key(
    backup: Path, empty: Path, tmp_path: Path
) -> None:
    shutil.copytree(empty, tmp_path, dirs_exist_ok=True)
    (tmp_path / "media").mkdir()
    (tmp_path / "media" / "later.png").write_bytes(b"later")
    (tmp_path / "secret_key").write_text("other-" + SECRET_KEY)
    done = manage(tmp_path, "restore", str(backup))
    assert done.returncode == 0, done.stderr
    (aside,) = tmp_path.glob("replaced-*")
    assert str(aside) in done.stdout
    assert (aside / "media" / "later.png").read_bytes() == b"later"
    assert (aside / "secret_key").read_text() == "other-" + SECRET_KEY


def test_a_backup_goes_through_standard_output_and_input(data: Path, tmp_path: Path) -> None:
    def run(data: Path, command: str) -> None:
        line = f"{sys.executable} manage.py {command}"
        subprocess.run(line, shell=True, cwd=ROOT, env=bare_environment(data), check=True)  # noqa: S602

    file, new = tmp_path / "piped.tar", tmp_path / "new"
    run(data, f"backup - > {file}")
    run(new, f"restore - < {file}")
    assert people_in(new) == ["demo", "demo-admin"]


def rewritten(file: Path, target: Path, change: Callable[[Members], None]) -> Path:
    """The same backup with other content, whose manifest is made to fit what ``change`` leaves in it."""
    members = members_of(file)
    change(members)
    with tarfile.open(target, "w") as tar:
        for name, content in members.items():
            member = tarfile.TarInfo(name)
            member.size = len(content)
            tar.addfile(member, BytesIO(content))
    return target


def change_manifest(**fields: object) -> Callable[[Members], None]:
    def change(members: Members) -> None:
        members["manifest.json"] = json.dumps(json.loads(members["manifest.json"]) | fields).encode()

    return change


def add_and_name(name: str) -> Callable[[Members], None]:
    def change(members: Members) -> None:
        manifest = json.loads(members["manifest.json"])
        manifest["members"][name] = {"size": 4, "sha256": hashlib.sha256(b"evil").hexdigest()}
        members[name] = b"evil"
        members["manifest.json"] = json.dumps(manifest).encode()

    return change


def put(name: str, content: bytes) -> Callable[[Members], None]:
    return lambda members: members.update({name: content})


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (put("media/a/photo.png", b"\x89PMG"), "damaged or was changed"),
        (put("media/a/photo.png", b"\x89PNG and more"), "damaged or was changed"),
        (put("media/b/more.png", b"more"), "does not hold what its manifest names"),
        (lambda members: members.pop("secret_key"), "does not hold what its manifest names"),
        (lambda members: members.pop("manifest.json"), "has no manifest"),
        (put("manifest.json", b"{"), "manifest of the archive cannot be read"),
        (add_and_name("/etc/cron.d/evil"), "has no place"),
        (add_and_name("media/../../evil"), "has no place"),
        (add_and_name("media/./evil"), "has no place"),
        (add_and_name("media"), "has no place"),
        (add_and_name("server.lock"), "has no place"),
        (change_manifest(format=99), "newer Parley"),
        (change_manifest(migrations=["chat.0001_initial", "chat.9999_to_come"]), "newer Parley"),
        (change_manifest(database="oracle"), "There is no database"),
        (change_manifest(database=["sqlite"]), "manifest of the archive cannot be read"),
        (change_manifest(members=["secret_key"]), "manifest of the archive cannot be read"),
        (change_manifest(members={"secret_key": 5}), "manifest of the archive cannot be read"),
        (change_manifest(counts=[]), "manifest of the archive cannot be read"),
        (change_manifest(migrations=5), "manifest of the archive cannot be read"),
        (change_manifest(version="\x1b]0;evil\x07"), "manifest of the archive cannot be read"),
        (put("manifest.json", b"[" * 100_000), "manifest of the archive cannot be read"),
    ],
)
def test_a_file_that_is_no_whole_backup_of_ours_is_refused_before_anything_is_touched(
    backup: Path, tmp_path: Path, change: Callable[[Members], None], said: str
) -> None:
    file = rewritten(backup, tmp_path / "hostile.tar", change)
    with pytest.raises(CommandError, match=said):
        call_command("restore", str(file))


def test_a_file_with_holes_is_refused_before_anybody_reads_through_them(tmp_path: Path) -> None:
    file = tmp_path / "hostile.tar"
    with tarfile.open(file, "w") as tar:
        member = tarfile.TarInfo("media/a/holes")
        member.pax_headers = {
            "GNU.sparse.map": f"0,0,{2**40},0",
            "GNU.sparse.size": str(2**40),
            "GNU.sparse.numblocks": "2",
        }
        tar.addfile(member)
    with pytest.raises(CommandError, match="has no place"):
        call_command("restore", "--check", str(file))


def test_links_and_repeated_members_are_refused(backup: Path, tmp_path: Path) -> None:
    for name, kind in (("media/a/link", tarfile.SYMTYPE), ("secret_key", tarfile.REGTYPE)):
        file = shutil.copy(backup, tmp_path / "hostile.tar")
        with tarfile.open(file, "a") as tar:
            member = tarfile.TarInfo(name)
            member.type, member.linkname = kind, "/etc/passwd"
            tar.addfile(member)
        with pytest.raises(CommandError, match="has no place"):
            call_command("restore", "--check", str(file))


def test_a_file_that_was_cut_off_is_refused(backup: Path, tmp_path: Path) -> None:
    whole = backup.read_bytes()
    file = tmp_path / "cut.tar"
    for kept in (0, 100, len(whole) // 2, whole.rindex(b"manifest.json")):
        file.write_bytes(whole[:kept])
        with pytest.raises(CommandError, match="no whole backup"):
            call_command("restore", "--check", str(file))


def test_a_whole_backup_is_checked_without_a_change(backup: Path, tmp_path: Path) -> None:
    done = manage(tmp_path / "new", "restore", "--check", str(backup))
    assert (done.returncode, "2 users, 1 organizations" in done.stdout) == (0, True)
    assert not (tmp_path / "new" / "parley.sqlite3").exists()


def test_a_damaged_database_is_not_put_in_place(backup: Path, tmp_path: Path) -> None:
    def damage(members: Members) -> None:
        database = bytearray(members["database.sqlite3"])
        database[4096 : 4096 * 20] = os.urandom(4096 * 19)
        manifest = json.loads(members["manifest.json"])
        digest = hashlib.sha256(database).hexdigest()
        manifest["members"]["database.sqlite3"] = {"size": len(database), "sha256": digest}
        members |= {"database.sqlite3": bytes(database), "manifest.json": json.dumps(manifest).encode()}

    file = rewritten(backup, tmp_path / "damaged.tar", damage)
    done = manage(tmp_path / "new", "restore", str(file))
    assert done.returncode == 1
    assert "Traceback" not in done.stderr
    assert not (tmp_path / "new" / "parley.sqlite3").exists()
