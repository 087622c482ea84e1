"""Attachments: files of which it is known what they are, to be sent with a message."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import IO, Any
from uuid import UUID

from django.conf import settings
from django.core.files.base import File
from django.db import IntegrityError
from django.utils.translation import gettext_lazy as _

from chat import selectors
from chat.db import give_back, transact
from chat.exceptions import Conflict, NotFound
from chat.media import kinds, names, store
from chat.media.errors import FileRefused
from chat.models import Attachment, AttachmentType, Conversation, Message, Upload
from chat.principals import Principal
from chat.services import uploads
from chat.services.files import forget

#: The types that somebody may give a file of each family, besides ``other``.
TYPES = {"image": {"image", "sticker"}, "video": {"video"}, "audio": {"audio"}, "other": set[str]()}


def add(
    *,
    principal: Principal,
    file: File[Any],
    filename: str,
    declared: str = "",
    type: str = "",
    conversation: Conversation | None = None,
) -> Attachment:
    """Store a file that came with the request. ``declared`` is the content type that it was sent as."""
    size = file.size or 0
    uploads.check_size(size)
    shown = names.shown_name(filename)
    kind = kinds.examine(uploads.opened(file), filename=shown, declared=declared)
    upload = uploads.reserve(principal, shown, size)
    give_back()  # storage may be far away
    name = uploads.put(upload, file)
    made = _attachment(principal, name, shown, kind, size, type, conversation)
    with _storing():
        made.save(force_insert=True)
        upload.delete()
    return made


@contextmanager
def _storing() -> Iterator[None]:
    """A transaction; what the file was meant for may have been deleted while it was read."""
    try:
        with transact():
            yield
    except IntegrityError:
        raise NotFound from None


def register(
    *,
    principal: Principal,
    file: str,
    filename: str,
    type: str = "",
    conversation: Conversation | None = None,
) -> Attachment:
    """Make an attachment of a file that was sent before: ``file`` is its key, or the address of another
    attachment that they may see. What is absent and what is somebody else's is ``FileRefused`` alike."""
    name = names.name_in(file, settings.PUBLIC_ORIGINS)
    upload = selectors.upload_for(principal, names.key_of(name)) if name else None
    if upload is not None:
        return _of_upload(principal, upload, filename, type, conversation)
    if not name:
        raise _unknown()
    return _of_attachment(principal, name, filename, type, conversation)


def resolve(*, principal: Principal, given: Sequence[UUID | Mapping[str, str]]) -> list[UUID]:
    """The ids of what is to be sent with a message: attachments by their ids, and files that were sent before
    by ``file``, ``filename`` and ``type``, which become attachments here."""
    return [
        one
        if isinstance(one, UUID)
        else register(
            principal=principal, file=one["file"], filename=one["filename"], type=one.get("type", "")
        ).pk
        for one in given
    ]


def _of_upload(
    principal: Principal, upload: Upload, filename: str, type: str, conversation: Conversation | None
) -> Attachment:
    name = names.name_in(upload.key, ())
    shown = _named(filename, name)
    give_back()
    with store.opened(name) as content:
        size = _size(content)
        uploads.check_size(size)
        kind = kinds.examine(content, filename=name)
        settled = store.settle(name, content)
    made = _attachment(principal, settled, shown, kind, size, type, conversation)
    with _storing():
        # It may have been registered or cleaned away since it was read.
        if not Upload.objects.select_for_update().filter(pk=upload.pk).exists():
            raise _unknown()
        upload.delete()
        if upload.organization_id is None:
            uploads.check_room(principal, size)
        made.save(force_insert=True)
    return made


def _of_attachment(
    principal: Principal, name: str, filename: str, type: str, conversation: Conversation | None
) -> Attachment:
    """Another attachment with the same stored file, which stays as long as one of them does."""
    shown = _named(filename, name)
    stored = {name, store.settled_name(name)}
    with _storing():
        seen = selectors.attachments_of(principal).filter(file__in=stored)
        # Held, so that the file cannot go with it before there is another that needs the file.
        source = seen.select_for_update(of=("self",)).first()
        if source is None:
            raise _unknown()
        uploads.check_room(principal, source.size)
        made = _attachment(
            principal, str(source.file), shown, kinds.kind_of(name), source.size, type, conversation
        )
        made.save(force_insert=True)
    return made


def change(
    *,
    principal: Principal,
    attachment: UUID,
    filename: str | None = None,
    type: str | None = None,
    file: str | None = None,
) -> Attachment:
    """Rename it, give it another type, or put another file into its place while no message has it."""
    changed = selectors.attachment_for(principal, attachment)
    if file is not None and names.name_in(file, settings.PUBLIC_ORIGINS) != str(changed.file):
        return _replace(principal, changed, file, filename, type)
    if filename is not None:
        changed.filename = _named(filename, str(changed.file))
    if type is not None:
        changed.type = _type(type, kinds.kind_of(str(changed.file)))
    fresh = {"filename": changed.filename, "type": changed.type}
    if not Attachment.objects.filter(pk=changed.pk).update(**fresh):
        raise NotFound  # deleted a moment ago
    return changed


def _replace(
    principal: Principal, attachment: Attachment, file: str, filename: str | None, type: str | None
) -> Attachment:
    if attachment.message_id is not None:
        raise Conflict(_("The file was sent with a message already. Upload another one."))
    made = register(principal=principal, file=file, filename=filename or "", type=type or "")
    old = str(attachment.file)
    with transact():
        fresh = {one: getattr(made, one) for one in ("file", "filename", "type", "content_type", "size")}
        if not Attachment.objects.filter(pk=attachment.pk, message=None).update(**fresh):
            raise NotFound
        made.delete()
        forget(old)
    attachment.refresh_from_db()
    return attachment


def remove(*, principal: Principal, attachment: UUID) -> None:
    """Also from the message that it was sent with. Its stored file goes in the background."""
    selectors.attachment_for(principal, attachment).delete()


def attach(principal: Principal, message: Message, ids: list[UUID]) -> list[Attachment]:
    """Send them with the message, inside the transaction that stores it. Each can be sent once: of two that
    want the same, and of sending and cleaning away, the first gets it and the other is ``NotFound``."""
    if not ids:
        return []
    if principal.kind == "visitor":
        # They may have been put down before the owner switched files off, or elsewhere than on the page.
        uploads.check_takes_files(message.conversation.inbox_id)
    files = selectors.attachments_for(principal, ids, message.conversation_id)
    taken = Attachment.objects.filter(pk__in=[file.pk for file in files], message=None).update(
        message=message, conversation=message.conversation_id
    )
    if taken != len(files):
        raise NotFound
    return files


def _attachment(
    principal: Principal,
    name: str,
    filename: str,
    kind: kinds.Kind,
    size: int,
    type: str,
    conversation: Conversation | None,
) -> Attachment:
    return Attachment(
        organization_id=principal.organization_id,
        conversation=conversation,
        created_by=principal.label,
        type=_type(type, kind),
        filename=filename,
        content_type=kind.content_type,
        file=name,
        size=size,
    )


def _type(given: str, kind: kinds.Kind) -> str:
    """What the sender says where it fits the file, else what it is: some clients call everything an image."""
    given = given.strip().lower()
    if given == AttachmentType.OTHER or given in TYPES[kind.family]:
        return given
    return kind.family


def _named(filename: str, stored: str) -> str:
    """The name as people see it; one without an end gets that of the stored file, and no other will do."""
    suffix = kinds.suffix_of(stored)
    shown = names.shown_name(filename) or f"file{suffix}"
    if kinds.suffix_of(shown) not in kinds.KINDS:
        return names.shown_name(shown + suffix)
    if kinds.kind_of(shown) != kinds.kind_of(stored):
        raise FileRefused(
            _("The file was sent as %(suffix)s. Register it under a name that ends so.") % {"suffix": suffix}
        )
    return shown


def _size(content: IO[bytes]) -> int:
    return content.seek(0, 2)


def _unknown() -> FileRefused:
    return FileRefused(_("No file of yours was sent under this key. Send it first, then register it."))
