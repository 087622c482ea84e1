"""An uploaded file as JSON."""

from __future__ import annotations

from chat.media.links import link
from chat.models import Attachment
from chat.shapes.values import Shape


def attachment_shape(attachment: Attachment) -> Shape:
    """``file`` is an absolute address that opens the file without a key until it expires."""
    return {
        "id": str(attachment.pk),
        "type": attachment.type,
        "filename": attachment.filename,
        "file": link(str(attachment.file)),
    }


def page_attachment(attachment: Attachment) -> Shape:
    """The same for our own pages, which also show how large it is."""
    return {**attachment_shape(attachment), "size": attachment.size}
