"""Where uploaded files are: the folder ``DATA_DIR/media``, or a bucket of S3 (``S3_BUCKET``).

A bucket takes forms itself, and would take another file with the same form after the first was looked at. So
what came in that way is copied to a second name before it counts.
"""

from __future__ import annotations

import errno
import logging
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass
from itertools import zip_longest
from pathlib import PurePosixPath
from typing import IO, Any

from django.conf import settings
from django.core.files.base import File
from django.core.files.storage import default_storage
from django.utils.crypto import salted_hmac
from django.utils.translation import gettext_lazy as _

from chat.exceptions import StorageBusy, StorageFull
from chat.media import policy
from chat.media.errors import FileRefused
from chat.media.kinds import chunks
from chat.media.names import FOLDER, key_of
from chat.turns import Turns

logger = logging.getLogger(__name__)

#: Of a bucket: it may take a minute to say nothing. Fewer at a time than the database has threads, where some
#: files are read too; as many with those that wait as a program may well register at once.
turns = Turns(4, waiting=12, seconds=5)

#: Where our own storage takes forms (``chat.web.media``).
FORM_PATH = "/uploads"


@dataclass(frozen=True, slots=True)
class Form:
    """What a file is sent with: the address, and the fields that come before the file."""

    url: str
    fields: dict[str, str]


def takes_forms() -> bool:
    """Whether forms are sent to us, not to a bucket."""
    return not settings.S3_BUCKET


def form_for(name: str, size: int) -> Form:
    if takes_forms():
        fields = policy.fields_for(policy.Allowed(key_of(name), size))
        return Form(settings.PUBLIC_ORIGINS[0] + FORM_PATH, fields)
    client: Any = default_storage.connection.meta.client  # type: ignore[attr-defined]  # S3Storage has one
    made = client.generate_presigned_post(
        settings.S3_BUCKET,
        key_of(name),
        Conditions=[["content-length-range", 1, size]],
        ExpiresIn=policy.VALID_SECONDS,
    )
    return Form(made["url"], made["fields"])


@contextmanager
def _asking() -> Iterator[None]:
    """Ask the storage. Raises ``FileRefused`` for a file that is not there, ``StorageFull``, and
    ``StorageBusy`` for a bucket that does not answer as it should."""
    try:
        yield
    except FileNotFoundError:
        raise FileRefused(_("No file was sent under this key. Send it first, then register it.")) from None
    except Exception as error:
        if isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT):
            raise StorageFull from None
        if takes_forms():
            raise
        logger.warning("files_away", extra={"error": type(error).__name__})
        raise StorageBusy(_("Files cannot be reached at the moment. Try again later.")) from None


def _turn() -> AbstractContextManager[None]:
    if takes_forms():
        return nullcontext()
    return turns.turn(_("Too many files are being sent. Try again later."))


def save(name: str, file: File[Any]) -> None:
    """Store the file under exactly this name."""
    with _turn():
        _save(name, file)


def _save(name: str, file: File[Any]) -> None:
    with _asking():
        default_storage.save(name, file)


def reader(name: str) -> File[bytes]:
    """Takes no turn: for threads that are not the requests'."""
    with _asking():
        return default_storage.open(name, "rb")


def beginning(name: str, size: int) -> bytes:
    """So many bytes of the file, or all of it if it is shorter. Takes no turn either."""
    with _asking(), default_storage.open(name, "rb") as file:
        read: bytes = file.read(size)
        return read


@contextmanager
def opened(name: str) -> Iterator[File[bytes]]:
    with _turn(), reader(name) as file:
        yield file


def same(name: str, file: IO[bytes]) -> bool:
    """Whether what is stored under the name is this file."""
    with opened(name) as stored:
        return all(one == other for one, other in zip_longest(chunks(stored), chunks(file)))


def settled_name(name: str) -> str:
    """The name under which nobody can change the file any more."""
    if takes_forms():
        return name
    digest = salted_hmac("chat.media.settled", name, algorithm="sha256").hexdigest()
    return f"{FOLDER}/{digest}{PurePosixPath(name).suffix}"


def settle(name: str, file: File[bytes]) -> str:
    """Keep the file that was looked at, and not what the form may send after it, inside ``opened``. Returns
    its name."""
    settled = settled_name(name)
    if settled != name:
        file.seek(0)
        _save(settled, File(file))
    return settled
