"""How large a picture says that it is. A small file can name dimensions that take gigabytes to draw."""

from __future__ import annotations

import struct
from typing import IO, Any

from django.utils.translation import gettext_lazy as _

from chat.media.errors import FileRefused

MEGAPIXELS = 40
#: Of a JPEG's, before the one that has its dimensions.
SEGMENTS = 1000
#: Those of the markers C0 to CF that begin no frame: Huffman tables, extensions, arithmetic coding.
NO_FRAME = {0xC4, 0xC8, 0xCC}


BROKEN = _("This picture is broken. Save it again and send that.")


def check(file: IO[Any], content_type: str) -> None:
    """Raises ``FileRefused`` for one that cannot be read or has too many pixels."""
    file.seek(0)
    try:
        width, height = _READERS[content_type](file)
    except (struct.error, IndexError, ValueError):
        raise FileRefused(BROKEN) from None
    if not (width and height):
        raise FileRefused(BROKEN)
    if width * height > MEGAPIXELS * 1_000_000:
        sentence = _("This picture has more than %(count)d megapixels. Make it smaller and send it again.")
        raise FileRefused(sentence % {"count": MEGAPIXELS})


def _png(file: IO[Any]) -> tuple[int, int]:
    head = file.read(24)
    if head[12:16] != b"IHDR":
        raise ValueError
    width, height = struct.unpack(">II", head[16:24])
    return width, height


def _gif(file: IO[Any]) -> tuple[int, int]:
    width, height = struct.unpack("<HH", file.read(10)[6:])
    return width, height


def _webp(file: IO[Any]) -> tuple[int, int]:
    head = file.read(30)
    match head[12:16]:
        case b"VP8X":
            return 1 + int.from_bytes(head[24:27], "little"), 1 + int.from_bytes(head[27:30], "little")
        case b"VP8L":
            bits = int.from_bytes(head[21:25], "little")
            return 1 + (bits & 0x3FFF), 1 + (bits >> 14 & 0x3FFF)
        case b"VP8 ":
            width, height = struct.unpack("<HH", head[26:30])
            return width & 0x3FFF, height & 0x3FFF
    raise ValueError


def _jpeg(file: IO[Any]) -> tuple[int, int]:
    file.seek(2)
    for _segment in range(SEGMENTS):
        mark, marker = file.read(2)
        if mark != 0xFF:
            raise ValueError
        if marker == 0xFF:  # filling
            file.seek(-1, 1)
            continue
        (length,) = struct.unpack(">H", file.read(2))
        if 0xC0 <= marker <= 0xCF and marker not in NO_FRAME:
            height, width = struct.unpack(">HH", file.read(5)[1:])
            return width, height
        file.seek(length - 2, 1)
    raise ValueError


_READERS = {"image/png": _png, "image/gif": _gif, "image/webp": _webp, "image/jpeg": _jpeg}
