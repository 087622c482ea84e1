"""Small files of each kind, and hostile ones."""

from __future__ import annotations

import struct
import zipfile
import zlib
from io import BytesIO


def png(width: int = 1, height: int = 1, pixels: bytes = b"\0\0") -> bytes:
    """A PNG that says that it is so large; its pixels are those of one."""

    def part(name: bytes, content: bytes) -> bytes:
        return (
            struct.pack(">I", len(content)) + name + content + struct.pack(">I", zlib.crc32(name + content))
        )

    head = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n" + part(b"IHDR", head) + part(b"IDAT", zlib.compress(pixels)) + part(b"IEND", b"")
    )


def picture(width: int = 320, height: int = 200) -> bytes:
    """One that can be looked at: from dark to light."""
    row = bytes(255 * x // width for x in range(width))
    return png(width, height, (b"\0" + row) * height)


def gif(after: bytes = b"") -> bytes:
    return b"GIF89a\x01\x00\x01\x00\x00\x00\x00" + after + b";"


def jpeg(width: int = 2, height: int = 3) -> bytes:
    size = struct.pack(">HH", height, width)
    return b"\xff\xd8\xff\xe0\x00\x04\x00\x00\xff\xff\xc0\x00\x0b\x08" + size + b"\x01\x01\x11\x00\xff\xd9"


def webp(width: int = 4, height: int = 5) -> bytes:
    size = (width - 1).to_bytes(3, "little") + (height - 1).to_bytes(3, "little")
    return b"RIFF\x16\x00\x00\x00WEBPVP8X\x0a\x00\x00\x00\x00\x00\x00\x00" + size


def office(folder: str, *more: str, types: str = "[Content_Types].xml") -> bytes:
    made = BytesIO()
    with zipfile.ZipFile(made, "w") as archive:
        for name in (types, f"{folder}/document.xml", *more):
            archive.writestr(name, "<x/>")
    return made.getvalue()


PDF = b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n"
OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(64)

#: One of each kind, by a name that says what it is.
GOOD: dict[str, bytes] = {
    "a.png": png(),
    "a.jpg": jpeg(),
    "a.JPEG": jpeg(),
    "a.gif": gif(),
    "a.webp": webp(),
    "a.pdf": PDF,
    "a.txt": "潮汐\n".encode(),
    "a.md": b"<!-- a comment -->\n<div align=center>\n# Tides",
    "a.csv": "姓名,電話\r\n".encode("big5"),
    "a.json": b'{"a": 1}',
    "a.jsonl": b'{"a": 1}\n{"a": 2}\n',
    "a.docx": office("word"),
    "a.xlsx": office("xl"),
    "a.pptx": office("ppt"),
    "a.doc": OLE,
    "a.xls": OLE,
    "a.ppt": OLE,
    "a.mp3": b"ID3\x04\x00",
    "a.wav": b"RIFF\x24\x00\x00\x00WAVEfmt ",
    "a.m4a": b"\x00\x00\x00\x20ftypM4A ",
    "a.mp4": b"\x00\x00\x00\x20ftypisom",
    "a.webm": b"\x1a\x45\xdf\xa3\x01",
    "a.ogg": b"OggS\x00",
    # Harmless where they are served: as what they say, to be downloaded, in a sandbox.
    "gif-and-script.gif": gif(b"/*" + b"*/=1;alert(1)//"),
    "a.php.png": png(),
}

HTML = b"<!DOCTYPE html><script>alert(1)</script>"
SVG = b'<svg xmlns="http://www.w3.org/2000/svg" onload="alert(1)"/>'

#: What is refused, as name, declared type and bytes.
BAD: list[tuple[str, str, bytes]] = [
    ("a.html", "text/html", HTML),
    ("a.svg", "image/svg+xml", SVG),
    ("a.xml", "text/xml", b"<?xml version='1.0'?><a/>"),
    ("a.exe", "", b"MZ\x90\x00"),
    ("a.js", "text/javascript", b"alert(1)"),
    (".htaccess", "", b"Options +ExecCGI"),
    ("a", "", b"no end"),
    ("a.png.", "", png()),
    # The name lies.
    ("a.png", "image/png", SVG),
    ("a.png", "", HTML),
    ("a.png", "", jpeg()),
    ("a.txt", "", HTML),
    ("a.txt", "", b"\xef\xbb\xbf \n<!-- x --><SVG onload=alert(1)>"),
    ("a.md", "", b"<?xml version='1.0'?>"),
    ("a.csv", "", b"<script>alert(1)</script>"),
    ("a.txt", "", b"a\0b"),
    ("a.txt", "", PDF),
    ("a.txt", "", b"x" * 70_000 + b"\x01"),
    ("a.pdf", "", b" " + PDF),
    ("a.pdf", "", HTML + PDF),
    ("a.docx", "", office("xl")),
    ("a.docx", "", office("word", types="types.xml")),
    ("a.docx", "", office("word", "../../etc/passwd")),
    ("a.docx", "", office("word", "/etc/passwd")),
    ("a.docx", "", office("word", *(f"word/{number}" for number in range(2000)))),
    ("a.docx", "", office("word")[:-10]),
    ("a.docx", "", b"PK\x03\x04" + b"[Content_Types].xml word/document.xml"),
    # The declared type lies.
    ("a.png", "text/html", png()),
    ("a.txt", "image/svg+xml", b"text"),
    ("a.gif", "application/javascript", gif()),
    # Broken, empty, or far too large to be drawn.
    ("a.txt", "", b""),
    ("a.png", "", png()[:20]),
    ("a.png", "", png(50_000, 50_000)),
    ("a.png", "", png(0, 5)),
    ("a.jpg", "", jpeg(65_000, 65_000)),
    ("a.jpg", "", b"\xff\xd8\xff" + b"\xe0\x00\x02\xff" * 2000),
    ("a.webp", "", webp(16_000, 16_000)),
]
