"""The names of files: the one that people see, and the random one under which a file is stored.

A *name* is what the storage knows (``chat/attachment/<64 hex digits>.png``), a *key* is what clients are
given (``media/`` and the name). No character that a client sends ever becomes part of a path.
"""

from __future__ import annotations

import re
import secrets
import unicodedata
from collections.abc import Iterable
from pathlib import PurePosixPath
from urllib.parse import unquote

MEDIA = "media/"
FOLDER = "chat/attachment"
CHARACTERS = 200
_STORED = re.compile(rf"{FOLDER}/[0-9a-f]{{64}}\.[a-z0-9]{{1,8}}", re.ASCII)
#: Zero-width and direction marks, with which ``gpj.exe`` is shown as ``exe.jpg``.
_INVISIBLE = re.compile("[\u061c\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff]")


def new_name(suffix: str) -> str:
    """256 random bits: whoever is not told it cannot find it."""
    return f"{FOLDER}/{secrets.token_hex(32)}{suffix}"


def key_of(name: str) -> str:
    return MEDIA + name


def name_in(given: str, origins: Iterable[str]) -> str:
    """The name in what a client gives: the key, the key without ``media/``, or an absolute address of ours.
    Empty: none of these."""
    for origin in origins:
        if given.startswith(f"{origin}/"):
            given = unquote(given.removeprefix(origin).partition("?")[0].partition("#")[0])
            break
    name = given.removeprefix("/").removeprefix(MEDIA)
    return name if _STORED.fullmatch(name) else ""


def shown_name(given: str) -> str:
    """The name as people see it: the last part of a path, in one line, without what cannot be seen, at most
    ``CHARACTERS`` long with its end kept. Empty: nothing is left."""
    text = unicodedata.normalize("NFC", given.encode("utf-8", "replace").decode())
    text = _INVISIBLE.sub("", re.split(r"[/\\]", text)[-1])
    text = "".join(" " if unicodedata.category(one) in ("Cc", "Zl", "Zp") else one for one in text)
    text = " ".join(text.split()).rstrip(". ")
    if len(text) <= CHARACTERS:
        return text
    suffix = PurePosixPath(text).suffix[:16]
    return text[: CHARACTERS - len(suffix)].rstrip(". ") + suffix
