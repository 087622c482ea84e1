"""Looking into ZIP files without unpacking anything."""

from __future__ import annotations

import struct
from typing import IO, Any

MEMBERS = 2000
DIRECTORY_BYTES = 1024 * 1024
_END = struct.Struct("<4s4H2LH")
_ENTRY = struct.Struct("<4s6H3L5H2L")


def is_office(file: IO[Any], folder: str) -> bool:
    """Whether it is an Office Open XML document whose parts are in the folder, such as ``word/``."""
    try:
        names = members(file)
    except (struct.error, ValueError):
        return False
    return "[Content_Types].xml" in names and any(name.startswith(folder) for name in names)


def members(file: IO[Any]) -> list[str]:
    """The names in the directory at the end. Raises ``ValueError`` for what is no plain ZIP file, has more
    than ``MEMBERS``, or names a place outside of itself."""
    size = file.seek(0, 2)
    file.seek(max(0, size - _END.size - 0xFFFF))
    tail = file.read()
    place = tail.rfind(b"PK\x05\x06")
    if place < 0:
        raise ValueError
    _, _, _, _, count, length, offset, _ = _END.unpack(tail[place : place + _END.size])
    # Larger values would stand elsewhere (ZIP64); no document of this size needs them.
    if count > MEMBERS or length > DIRECTORY_BYTES or offset + length > size:
        raise ValueError
    file.seek(offset)
    return _names(file.read(length), count)


def _names(directory: bytes, count: int) -> list[str]:
    names, place = [], 0
    for _number in range(count):
        entry = _ENTRY.unpack_from(directory, place)
        if entry[0] != b"PK\x01\x02":
            raise ValueError
        start = place + _ENTRY.size
        name = directory[start : start + entry[10]].decode("utf-8", "replace").replace("\\", "/")
        if name.startswith("/") or ".." in name.split("/"):
            raise ValueError
        names.append(name)
        place = start + entry[10] + entry[11] + entry[12]
    return names
