"""Uploads: a place is reserved first, then a file is sent there, and last it is registered as an attachment
(``chat.services.attachments``). What is not registered goes by itself (``chat.services.housekeeping``).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import IO, Any
from uuid import UUID

from django.conf import settings
from django.core.files.base import File
from django.db.models import Count, Q, QuerySet, Sum
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from chat.db import transact
from chat.exceptions import Conflict, NotAllowed, NotFound, RateLimited, TooLarge
from chat.limits import MEGABYTE
from chat.media import kinds, names, policy, store
from chat.media.errors import FileRefused
from chat.models import Attachment, Organization, Upload, WebChat
from chat.principals import Principal
from chat.selectors.visitors import stored_visitors
from chat.selectors.web_chats import takes_files

VISITORS = "visitor:"
#: When to try again who has too many files that wait.
WAIT_SECONDS = 60


def ask(*, principal: Principal | None, filename: str, size: int) -> store.Form:
    """A form with which to send one file of at most ``size`` bytes. ``principal`` is None for strangers: for
    them the key in the form is the right to what they send."""
    return store.form_for(names.name_in(reserve(principal, filename, size).key, ()), size)


def reserve(principal: Principal | None, filename: str, size: int) -> Upload:
    """A place for a file of this name and size. Raises ``FileRefused`` for a type that is not taken,
    ``TooLarge`` for a single file, ``RateLimited`` or ``NotAllowed`` for too many."""
    shown = names.shown_name(filename)
    kinds.kind_of(shown)
    check_size(size)
    upload = Upload(
        organization_id=principal.organization_id if principal else None,
        created_by=principal.label if principal else "",
        key=names.key_of(names.new_name(kinds.suffix_of(shown))),
        filename=shown,
        size=size,
    )
    with transact():
        if principal:
            check_room(principal, size)
        else:
            _check_strangers()
        upload.save(force_insert=True)
    return upload


def check_size(size: int) -> None:
    most = settings.UPLOAD_MEGABYTES
    if size > most * MEGABYTE:
        raise TooLarge(_("This file is too large: at most %(most)d MB are taken.") % {"most": most})


def check_takes_files(inbox: UUID | None) -> None:
    """Raises ``NotAllowed`` where the web chat's owner wants none from visitors."""
    web_chat = WebChat.objects.filter(inbox=inbox).only("options").first()
    if web_chat is None or not takes_files(web_chat):
        raise NotAllowed(_("This chat takes no files."))


def check_room(principal: Principal, size: int) -> None:
    """Whether the principal and their organization have room for one more file. Holds the organization's row
    until the transaction ends, so that many files at once do not all find the same room; rows that only refer
    to it need not wait."""
    organization = principal.organization_id
    if not Organization.objects.select_for_update(no_key=True).filter(pk=organization).exists():
        raise NotFound
    # What waits is little, and found by an index; so it comes before the sum of everything.
    _check_waiting(principal, size)
    _check_total(principal, size)


def _check_waiting(principal: Principal, size: int) -> None:
    organization = principal.organization_id
    waiting: list[QuerySet[Any]] = [
        Attachment.objects.filter(organization=organization, message=None).order_by(),
        Upload.objects.filter(organization=organization).order_by(),
    ]
    theirs = sum(rows.filter(created_by=principal.label).count() for rows in waiting)
    # A program sends the files of many people.
    if _over(settings.UPLOADS_WAITING * (10 if principal.kind == "key" else 1), theirs + 1):
        sentence = _("Too many files wait to be sent with a message. Send some, or try again later.")
        raise RateLimited(sentence, retry_after=WAIT_SECONDS)
    # Whoever opens the page anew is another visitor; whoever has written needs no part of this room.
    if principal.kind == "visitor" and not stored_visitors([principal.id]):
        count, used = _of_newcomers(waiting)
        _check_shared(count, used + size)


def _of_newcomers(waiting: Sequence[QuerySet[Any]]) -> tuple[int, int]:
    """How many files, and how many bytes, wait of visitors who are not stored."""
    found = [
        (UUID(label.removeprefix(VISITORS)), count, size)
        for rows in waiting
        for label, count, size in rows.filter(created_by__startswith=VISITORS)
        .values_list("created_by")
        .annotate(Count("pk"), Sum("size"))
    ]
    stored = stored_visitors({visitor for visitor, _count, _size in found})
    newcomers = [one for one in found if one[0] not in stored]
    return sum(count for _id, count, _size in newcomers), sum(size for _id, _count, size in newcomers)


def _check_total(principal: Principal, size: int) -> None:
    sums = [
        rows.objects.filter(organization=principal.organization_id).aggregate(
            everybody=Sum("size", default=0),
            visitors=Sum("size", default=0, filter=Q(created_by__startswith=VISITORS)),
            theirs=Sum("size", default=0, filter=Q(created_by=principal.label)),
        )
        for rows in (Attachment, Upload)
    ]
    megabytes = {who: (sum(one[who] for one in sums) + size) / MEGABYTE for who in sums[0]}
    most = settings.UPLOADS_TOTAL_MEGABYTES
    full = _over(most, megabytes["everybody"])
    if principal.kind == "visitor":
        if _over(settings.UPLOADS_VISITOR_MEGABYTES, megabytes["theirs"]):
            raise NotAllowed(_("You have sent as many files as you may. Write what is in them instead."))
        # Members and programs have room whatever visitors send.
        full = full or _over(most / 2, megabytes["visitors"])
    if full:
        raise NotAllowed(_("There is no room left for files. An admin can delete some."))


def _check_strangers() -> None:
    """What strangers have sent and not registered belongs to nobody, so they share one limit."""
    stored = Q(stored_at__isnull=False)
    open_forms = Q(created_at__gt=Now() - timedelta(seconds=policy.VALID_SECONDS))
    waiting = Upload.objects.filter(stored | open_forms, organization=None).aggregate(
        bytes=Sum("size", default=0, filter=stored), count=Count("pk")
    )
    _check_shared(waiting["count"], waiting["bytes"])


def _check_shared(count: int, size: int) -> None:
    """The room for what waits of people who cost nothing to be: it is ten times that of one person."""
    full = _over(settings.UPLOADS_WAITING * 10, count + 1)
    if full or _over(settings.UPLOADS_VISITOR_MEGABYTES * 10, size / MEGABYTE):
        raise RateLimited(_("Too many files are being sent. Try again later."), retry_after=WAIT_SECONDS)


def _over(limit: float, value: float) -> bool:
    """0 switches a limit off."""
    return bool(limit) and value > limit


def receive(*, fields: Mapping[str, str], file: File[Any] | None, declared: str) -> None:
    """Take the file that a form of ours was sent with. Sending the same file again changes nothing, so that a
    client that lost the answer may; another one under the same key is a ``Conflict``."""
    allowed = policy.read(fields)
    if file is None:
        raise FileRefused(_("The form has no file. Send it as the last field, under the name file."))
    if (file.size or 0) > allowed.size:
        raise TooLarge(_("This file is larger than the size that was asked for."))
    upload = Upload.objects.filter(key=allowed.key).first()
    if upload is None:
        raise NotAllowed(_("This form was used already, or has expired. Ask for a new one."))
    name = names.name_in(upload.key, ())
    kinds.examine(opened(file), filename=name, declared=declared)
    if not Upload.objects.filter(pk=upload.pk, stored_at=None).update(stored_at=Now(), size=file.size):
        if not store.same(name, opened(file)):
            raise Conflict(_("Another file was sent with this form. Ask for a new one."))
        return
    _save_or_forget(upload.pk, name, file)


def _save_or_forget(upload: UUID, name: str, file: File[Any]) -> None:
    try:
        store.save(name, file)
    except Exception:
        Upload.objects.filter(pk=upload).delete()
        raise


def put(upload: Upload, file: File[Any]) -> str:
    """Store a file in its reserved place; returns its name."""
    name = names.name_in(upload.key, ())
    _save_or_forget(upload.pk, name, file)
    return name


def opened(file: File[Any]) -> IO[Any]:
    return file.open()
