"""The data directory and the place of uploaded files."""

from __future__ import annotations

import os
import secrets
import shutil
import tempfile

from django.conf import settings
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.utils.translation import gettext as _

from chat.doctor.findings import Finding, Subject, size

FREE_ENOUGH, FREE_LITTLE = 1_000_000_000, 100_000_000
INODES_ENOUGH = 10_000


def examine_storage() -> list[Finding]:
    """Writes, reads and deletes one small file in each place."""
    writable = data_directory()
    return [writable, *([free_space()] if settings.DATA_DIR.is_dir() else []), uploads()]


def data_directory() -> Finding:
    subject = Subject("storage.data", _("Data directory"))
    try:
        with tempfile.NamedTemporaryFile(dir=settings.DATA_DIR, prefix="doctor-") as file:
            file.write(b"doctor")
            file.flush()
            os.fsync(file.fileno())
    except OSError as error:
        return subject.wrong(
            _("%(path)s cannot be written: %(reason)s.")
            % {"path": settings.DATA_DIR, "reason": error.strerror or type(error).__name__},
            _("Give it to the user that runs the server (chown), or set DATA_DIR to a folder of theirs."),
        )
    return subject.ok(_("%(path)s can be written.") % {"path": settings.DATA_DIR})


def free_space() -> Finding:
    subject = Subject("storage.space", _("Free space"))
    free = shutil.disk_usage(settings.DATA_DIR).free
    volume = os.statvfs(settings.DATA_DIR)
    found = _("%(free)s free in %(path)s.") % {"free": size(free), "path": settings.DATA_DIR}
    advice = _("Make room on that volume, or move DATA_DIR to a larger one.")
    if free < FREE_LITTLE:
        return subject.wrong(found, advice)
    # Some file systems count no inodes: they have none to run out of.
    if volume.f_files and volume.f_favail < INODES_ENOUGH:
        return subject.warning(
            found + " " + _("Room for %(count)d more files only.") % {"count": volume.f_favail},
            _("Delete what is not needed: the volume runs out of inodes before it is full."),
        )
    return subject.ok(found) if free >= FREE_ENOUGH else subject.warning(found, advice)


def uploads() -> Finding:
    subject = Subject("storage.files", _("Uploaded files"))
    content = secrets.token_bytes(32)
    place = f"s3://{settings.S3_BUCKET}" if settings.S3_BUCKET else settings.MEDIA_ROOT
    try:
        name = default_storage.save(f"doctor-{secrets.token_hex(8)}", ContentFile(content))
        try:
            with default_storage.open(name) as file:
                same = file.read() == content
        finally:
            default_storage.delete(name)
        gone = not default_storage.exists(name)
    except Exception as error:  # each storage has errors of its own
        reason = error.strerror if isinstance(error, OSError) and error.strerror else type(error).__name__
        return subject.wrong(
            _("A file cannot be stored: %(reason)s.") % {"reason": reason},
            _("See that the server's user may write to %(path)s.") % {"path": place},
        )
    if not (same and gone):
        return subject.wrong(
            _("A file was stored, but could not be read back and deleted as it was."),
            _("See who else works on %(path)s.") % {"path": place},
        )
    return subject.ok(_("Written, read back and deleted."))
