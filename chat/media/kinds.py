"""The kinds of files that are taken. A file's name, the type that its sender declares and its bytes have to
agree on one of them: browsers believe each of the three somewhere.

What a browser could run (SVG, HTML, XML) is of no kind.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import IO, Any

from django.utils.translation import gettext_lazy as _

from chat.media import containers, pictures
from chat.media.errors import FileRefused

Bytes = IO[Any]
CHUNK = 64 * 1024
#: What programs declare that do not know the type.
UNKNOWN = {"", "application/octet-stream", "binary/octet-stream"}
TEXTS = frozenset(
    {
        "text/plain",
        "text/markdown",
        "text/x-markdown",
        "text/csv",
        "application/csv",
        "application/vnd.ms-excel",  # what Windows has for .csv where Excel is installed
        "application/json",
        "text/json",
        "application/jsonl",
        "application/x-jsonlines",
        "application/x-ndjson",
        "text/x-log",
    }
)
ZIPPED = frozenset({"application/zip", "application/x-zip-compressed"})
#: Where a text begins like this, some program would show it as a page.
_PAGE = re.compile(rb"<(?:!doctype|\?xml|(?:html|head|body|script|iframe|svg)\b)", re.IGNORECASE)
_COMMENT = re.compile(rb"<!--.*?-->", re.DOTALL)
#: Control characters that no text has: not tab, line feed, form feed, return, escape.
_NO_TEXT = re.compile(rb"[\x00-\x08\x0b\x0e-\x1a\x1c-\x1f]")


@dataclass(frozen=True, slots=True)
class Kind:
    """``declared``: further types that senders give it. ``holds``: whether the bytes are of this kind."""

    content_type: str
    declared: frozenset[str]
    holds: Callable[[Bytes, bytes], bool]

    @property
    def family(self) -> str:
        """``image``, ``video``, ``audio`` or ``other``."""
        family = self.content_type.partition("/")[0]
        return family if family in ("image", "video", "audio") else "other"


def _begins(*signatures: bytes) -> Callable[[Bytes, bytes], bool]:
    return lambda _file, head: head.startswith(signatures)


def _at(place: int, *signatures: bytes, first: bytes = b"") -> Callable[[Bytes, bytes], bool]:
    return lambda _file, head: head.startswith(first) and head[place:].startswith(signatures)


def _office(folder: str) -> Callable[[Bytes, bytes], bool]:
    return lambda file, head: head.startswith(b"PK\x03\x04") and containers.is_office(file, folder)


def _mp3(_file: Bytes, head: bytes) -> bool:
    """A tag, or the head of a frame of MPEG's layers II and III."""
    framed = len(head) > 1 and head[0] == 0xFF and head[1] & 0xE6 in (0xE2, 0xE4)
    return framed or head.startswith(b"ID3")


def _text(file: Bytes, head: bytes) -> bool:
    start = _COMMENT.sub(b"", head.removeprefix(b"\xef\xbb\xbf")).lstrip()
    if _PAGE.match(start) or head.startswith(b"%PDF-"):
        return False
    return not any(_NO_TEXT.search(chunk) for chunk in chunks(file))


_OLE = _begins(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1")
_OPEN_XML = "application/vnd.openxmlformats-officedocument."


def _kind(content_type: str, holds: Callable[[Bytes, bytes], bool], *declared: str) -> Kind:
    return Kind(content_type, frozenset(declared), holds)


def _of_text(content_type: str) -> Kind:
    return Kind(content_type, TEXTS, _text)


_JPEG = _kind("image/jpeg", _begins(b"\xff\xd8\xff"), "image/jpg", "image/pjpeg")

#: By the end of the name, in lower case.
KINDS: dict[str, Kind] = {
    ".png": _kind("image/png", _begins(b"\x89PNG\r\n\x1a\n"), "image/x-png"),
    ".jpg": _JPEG,
    ".jpeg": _JPEG,
    ".gif": _kind("image/gif", _begins(b"GIF87a", b"GIF89a")),
    ".webp": _kind("image/webp", _at(8, b"WEBP", first=b"RIFF")),
    ".pdf": _kind("application/pdf", _begins(b"%PDF-"), "application/x-pdf"),
    ".txt": _of_text("text/plain"),
    ".md": _of_text("text/markdown"),
    ".csv": _of_text("text/csv"),
    ".json": _of_text("application/json"),
    ".jsonl": _of_text("application/jsonl"),
    ".log": _of_text("text/plain"),
    ".docx": Kind(_OPEN_XML + "wordprocessingml.document", ZIPPED, _office("word/")),
    ".xlsx": Kind(_OPEN_XML + "spreadsheetml.sheet", ZIPPED, _office("xl/")),
    ".pptx": Kind(_OPEN_XML + "presentationml.presentation", ZIPPED, _office("ppt/")),
    ".doc": _kind("application/msword", _OLE),
    ".xls": _kind("application/vnd.ms-excel", _OLE),
    ".ppt": _kind("application/vnd.ms-powerpoint", _OLE),
    ".mp3": _kind("audio/mpeg", _mp3, "audio/mp3", "audio/x-mp3"),
    ".wav": _kind("audio/wav", _at(8, b"WAVE", first=b"RIFF"), "audio/x-wav", "audio/wave", "audio/vnd.wave"),
    ".ogg": _kind("audio/ogg", _begins(b"OggS"), "video/ogg", "application/ogg"),
    ".m4a": _kind("audio/mp4", _at(4, b"ftyp"), "audio/x-m4a", "audio/m4a", "video/mp4"),
    ".mp4": _kind("video/mp4", _at(4, b"ftyp"), "audio/mp4"),
    ".webm": _kind("video/webm", _begins(b"\x1a\x45\xdf\xa3"), "audio/webm"),
}


def suffix_of(filename: str) -> str:
    return PurePosixPath(filename).suffix.lower()


def kind_of(filename: str) -> Kind:
    """What the name says. Raises ``FileRefused`` with a sentence that names what is taken."""
    if kind := KINDS.get(suffix_of(filename)):
        return kind
    known = ", ".join(suffix.removeprefix(".") for suffix in KINDS)
    raise FileRefused(_("Files of this type are not taken. Taken are: %(known)s.") % {"known": known})


def examine(file: Bytes, *, filename: str, declared: str = "") -> Kind:
    """The kind on which name, declared type and bytes agree; raises ``FileRefused`` where they do not. Reads
    the file, and leaves it at its beginning."""
    kind = kind_of(filename)
    declared = declared.partition(";")[0].strip().lower()
    if declared not in UNKNOWN | kind.declared | {kind.content_type}:
        sentence = _("The file's name says %(named)s, but it was sent as %(declared)s.")
        raise FileRefused(sentence % {"named": kind.content_type, "declared": declared[:80]})
    file.seek(0)
    head = file.read(1024)
    if not head:
        raise FileRefused(_("This file is empty."))
    if not kind.holds(file, head):
        sentence = _("This is no %(suffix)s file, or it is broken. Save it again under the right name.")
        raise FileRefused(sentence % {"suffix": suffix_of(filename).removeprefix(".")})
    if kind.family == "image":
        pictures.check(file, kind.content_type)
    file.seek(0)
    return kind


def chunks(file: Bytes, size: int = CHUNK) -> Iterator[bytes]:
    """The whole file from its beginning."""
    file.seek(0)
    while chunk := file.read(size):
        yield chunk
