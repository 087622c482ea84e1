"""Uploaded files: the address at which our own storage takes them, and those at which they are read.

A file is never shown as a page of this site: what is no picture is downloaded, nothing in it may run, and no
other site may load it.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from functools import partial

from django.core.exceptions import BadRequest, SuspiciousOperation
from django.core.files.base import File
from django.db import OperationalError
from django.http import (
    Http404,
    HttpRequest,
    HttpResponse,
    HttpResponseBase,
    JsonResponse,
    StreamingHttpResponse,
)
from django.http.multipartparser import MultiPartParserError
from django.utils.http import content_disposition_header
from django.utils.translation import gettext as _
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST, require_safe
from django.views.defaults import page_not_found

from chat import selectors
from chat.answers.later import Later
from chat.db import in_database, refusal
from chat.exceptions import ChatError
from chat.media import links, store
from chat.media.errors import FileRefused
from chat.models import Attachment
from chat.services import uploads

CHUNK = 256 * 1024
#: How long browsers keep a file; a link lives longer.
FRESH_SECONDS = 3600
#: Not even in a tab of its own does anything in it run, load or send.
POLICY = "default-src 'none'; style-src 'unsafe-inline'; sandbox; frame-ancestors 'none'"


@require_safe
def media(request: HttpRequest, name: str) -> HttpResponse:
    """For whoever has a signed address. What is not signed does not exist."""
    expires = request.GET.get("expires", "")
    if not links.is_signed(name, expires, request.GET.get("signature", "")):
        raise Http404
    left = links.seconds_left(expires)
    if left <= 0:
        sentence = _("This link has expired. Open the file again from where you found it.")
        return HttpResponse(sentence, "text/plain; charset=utf-8", 403, headers={"Cache-Control": "no-store"})
    return Later(partial(_answer, request, name, min(left, FRESH_SECONDS)))


async def _answer(request: HttpRequest, name: str, fresh: int) -> HttpResponseBase:
    """Holds no thread of the requests: a bucket may take its time."""
    try:
        attachment = await in_database(selectors.attachment_of_file, name)
        if attachment is None:
            return page_not_found(request, Http404())
        file = await asyncio.to_thread(store.reader, name)
    except FileRefused:
        return page_not_found(request, Http404())
    except ChatError as error:
        return _refused(error)
    except OperationalError as error:
        return _refused(refusal(error))
    headers = headers_of(attachment, file.size, fresh)
    if request.method == "HEAD":
        file.close()
        return HttpResponse(headers=headers)
    return StreamingHttpResponse(contents(file), headers=headers)


def headers_of(attachment: Attachment, size: int, fresh: int) -> dict[str, str]:
    kind = attachment.content_type or "application/octet-stream"
    disposition = content_disposition_header(not kind.startswith("image/"), attachment.filename)
    return {
        "Content-Type": f"{kind}; charset=utf-8" if kind.startswith("text/") else kind,
        "Content-Length": str(size),
        "Content-Disposition": disposition or "attachment",
        "Content-Security-Policy": POLICY,
        "Cross-Origin-Resource-Policy": "same-site",
        "Cache-Control": f"private, max-age={fresh}",
        "X-Content-Type-Options": "nosniff",
        "X-Robots-Tag": "noindex",
    }


async def contents(file: File[bytes]) -> AsyncGenerator[bytes, None]:
    try:
        while chunk := await asyncio.to_thread(file.read, CHUNK):
            yield chunk
    finally:
        await asyncio.to_thread(file.close)


@csrf_exempt  # the signature in the form is what allows it
@require_POST
def receive(request: HttpRequest) -> HttpResponse:
    """204 for a file that is what its form allows; other answers say in ``detail`` why it is not taken."""
    try:
        fields = {name: request.POST[name] for name in request.POST}
        file = request.FILES.get("file")
        declared = (file.content_type or "") if file else ""
        uploads.receive(fields=fields, file=file, declared=declared)
    except ChatError as error:
        return _refused(error)
    except OperationalError as error:
        return _refused(refusal(error))
    except (BadRequest, MultiPartParserError, SuspiciousOperation):
        return _refused(FileRefused(_("This is no form with a file in it.")))
    return _of_any_site(HttpResponse(status=204))


def _refused(error: ChatError) -> HttpResponse:
    return _of_any_site(JsonResponse({"detail": str(error.message)}, status=error.status))


def _of_any_site(response: HttpResponse) -> HttpResponse:
    """A page of any site may send what it has the form for, and read how that went."""
    response["Access-Control-Allow-Origin"] = "*"
    response["Cache-Control"] = "no-store"
    return response
