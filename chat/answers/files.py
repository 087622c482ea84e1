"""Files from the pages of members and of visitors, to be sent with a message."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.core.exceptions import BadRequest, SuspiciousOperation
from django.core.files.uploadedfile import UploadedFile
from django.http import HttpRequest, JsonResponse
from django.http.multipartparser import MultiPartParserError
from django.utils.translation import gettext_lazy as _

from chat.limits import MEGABYTE
from chat.media.errors import FileRefused
from chat.media.kinds import KINDS
from chat.principals import Principal
from chat.services import attachments
from chat.services.contents import MESSAGE_BYTES, MESSAGE_FILES
from chat.shapes import page_attachment

#: A request may have 25 MB, and a form is more than its file.
FORM_MEGABYTES = 24


def limits(*, files: bool = True) -> dict[str, Any]:
    """What a page checks before it sends anything. Without ``files`` none are taken there."""
    of_files = {
        "bytes": min(settings.UPLOAD_MEGABYTES, FORM_MEGABYTES) * MEGABYTE,
        "count": MESSAGE_FILES,
        "types": list(KINDS),
    }
    return {"messageBytes": MESSAGE_BYTES, "files": of_files if files else None}


def attach(request: HttpRequest, principal: Principal) -> JsonResponse:
    """Take the part ``file`` of a form. It is the principal's to send, and of nobody else."""
    file = file_of(request)
    made = attachments.add(
        principal=principal, file=file, filename=file.name or "", declared=file.content_type or ""
    )
    return JsonResponse(page_attachment(made), status=201)


def file_of(request: HttpRequest) -> UploadedFile[Any]:
    try:
        file = request.FILES.get("file")
    except (BadRequest, MultiPartParserError, SuspiciousOperation):
        file = None
    if file is None:
        raise FileRefused(_("This is no form with a file in it."))
    return file
