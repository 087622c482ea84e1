"""A backup: one tar file with the database, the uploaded files and the secret key.

Its last member is ``manifest.json``, with the size and the SHA-256 of each other one: hashes are known when
everything has been written, and a file that was cut off lacks it. Members are written out by our own code:
``tarfile``'s would follow what a hostile archive says of paths, links and modes.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import tarfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from io import BytesIO
from pathlib import Path, PurePosixPath
from typing import Any, BinaryIO

FORMAT = 1
MANIFEST = "manifest.json"
#: It is read into memory.
MANIFEST_BYTES = 256 * 1024 * 1024
#: Besides these and the manifest there are only uploaded files, under ``media/``.
DATABASES = {"sqlite": "database.sqlite3", "postgresql": "database.dump"}
SECRETS = ("secret_key", "demo.json")


class BadArchive(Exception):
    """Not a whole backup of ours; the message is a sentence for the person who wanted to restore it."""


@dataclass(frozen=True, slots=True)
class Manifest:
    """``made_at`` in ISO 8601; ``migrations`` as ``app.name``; ``counts`` rows by what they are;
    ``members`` the size and SHA-256 of each by its name."""

    version: str
    made_at: str
    database: str
    migrations: list[str]
    counts: dict[str, int]
    members: dict[str, dict[str, Any]] = field(default_factory=dict)
    format: int = FORMAT

    def check(self) -> None:
        """Raises where a value is not of its kind, or is not fit to be shown in a terminal."""
        words = (self.version, self.made_at, self.database, *self.migrations, *self.counts)
        if not "".join(words).isprintable():
            raise TypeError
        sum(self.counts.values())
        for told in self.members.values():
            told.get("size")


class Writer:
    def __init__(self, file: BinaryIO) -> None:
        self._tar = tarfile.TarFile(fileobj=file, mode="w", format=tarfile.PAX_FORMAT)
        self._members: dict[str, dict[str, Any]] = {}

    def add_file(self, name: str, path: Path) -> None:
        """A file that is gone is left out: it was deleted after the snapshot of the database."""
        try:
            file = path.open("rb")
        except FileNotFoundError:
            return
        with file:
            self.add(name, file, os.fstat(file.fileno()).st_size)

    def add(self, name: str, content: BinaryIO, size: int) -> None:
        member = tarfile.TarInfo(name)
        member.size, member.mode = size, 0o600
        hashed = Hashed(content)
        self._tar.addfile(member, hashed)
        self._members[name] = {"size": size, "sha256": hashed.digest.hexdigest()}

    def close(self, manifest: Manifest) -> None:
        told = json.dumps(asdict(manifest) | {"members": self._members}, indent=1).encode()
        self.add(MANIFEST, BytesIO(told), len(told))
        self._tar.close()


class Hashed:
    """What was read of a file, hashed on the way."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self.digest = hashlib.sha256()

    def read(self, size: int = -1) -> bytes:
        data = self._file.read(size)
        self.digest.update(data)
        return data


class Archive:
    """A backup whose every member has been read and compared with the manifest."""

    def __init__(self, tar: tarfile.TarFile) -> None:
        members = self._members = {member.name: member for member in checked(tar.getmembers())}
        self._tar = tar
        self.manifest = self._read_manifest()
        if set(members) != {MANIFEST, *self.manifest.members}:
            raise BadArchive("The archive does not hold what its manifest names.")
        for name, told in self.manifest.members.items():
            with self._open(name) as content:
                digest = hashlib.file_digest(content, "sha256").hexdigest()
            if (members[name].size, digest) != (told.get("size"), told.get("sha256")):
                raise BadArchive(f"{name} in the archive is damaged or was changed: its SHA-256 differs.")

    def copy(self, name: str, target: Path) -> None:
        """Write a member to a new file that its owner alone may read."""
        target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        descriptor = os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with open(descriptor, "wb") as file, self._open(name) as content:
            shutil.copyfileobj(content, file, 1024 * 1024)

    def names(self) -> list[str]:
        return list(self.manifest.members)

    def _open(self, name: str) -> Any:
        return self._tar.extractfile(self._members[name])

    def _read_manifest(self) -> Manifest:
        if MANIFEST not in self._members:
            raise BadArchive("This is no whole backup of Parley: it has no manifest. Was it cut off?")
        if self._members[MANIFEST].size > MANIFEST_BYTES:
            raise BadArchive("The manifest of the archive cannot be read.")
        with self._open(MANIFEST) as content:
            try:
                told = json.load(content)
                if told["format"] > FORMAT:
                    raise BadArchive("This backup was made by a newer Parley. Restore it with that version.")
                manifest = Manifest(**told)
                manifest.check()
            except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
                raise BadArchive("The manifest of the archive cannot be read.") from None
        if DATABASES.get(manifest.database) not in manifest.members:
            raise BadArchive("There is no database in the archive.")
        return manifest


@contextmanager
def opened(path: Path) -> Iterator[Archive]:
    """Raises ``BadArchive``."""
    try:
        with tarfile.open(path, "r:") as tar:
            yield Archive(tar)
    except tarfile.TarError:
        raise BadArchive(f"{path} is no whole backup of Parley.") from None


def checked(members: list[tarfile.TarInfo]) -> list[tarfile.TarInfo]:
    """Raises ``BadArchive`` for whatever no backup of ours has: links, devices, holes that grow to any size,
    paths that lead elsewhere."""
    seen = set()
    for member in members:
        regular = member.isreg() and not member.issparse()
        if not regular or not is_ours(member.name) or member.name in seen:
            raise BadArchive(f"{member.name!r} has no place in a backup of Parley. Nothing was restored.")
        seen.add(member.name)
    return members


def is_ours(name: str) -> bool:
    if name in (MANIFEST, *DATABASES.values(), *SECRETS):
        return True
    path = PurePosixPath(name)
    plain = str(path) == name and ".." not in path.parts and "\0" not in name and "\\" not in name
    return plain and len(path.parts) > 1 and path.parts[0] == "media"
