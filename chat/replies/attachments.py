"""The files of a conversation as a prompt has them: pictures as data URLs, short texts, else only a name."""

from __future__ import annotations

import base64
import logging
from collections import defaultdict
from collections.abc import Collection
from pathlib import PurePath
from time import monotonic
from uuid import UUID

from chat.completions.deltas import Attached
from chat.exceptions import ChatError
from chat.media import store
from chat.models import Attachment, AttachmentType

logger = logging.getLogger(__name__)

#: Of one prompt, newest message first.
MAX_FILES = 50
MAX_IMAGES = 5
IMAGES_BYTES = 8 * 1024 * 1024
IMAGE_BYTES = 4 * 1024 * 1024
TEXT_BYTES = 64 * 1024
#: After so long no further file is begun: a bucket may take its time for each, and somebody waits.
READING_SECONDS = 5.0
TEXTS = {".txt", ".md", ".csv", ".json", ".log"}
#: The pictures that models take, by their first bytes: a name proves nothing.
SIGNATURES = {
    b"\x89PNG\r\n\x1a\n": "image/png",
    b"\xff\xd8\xff": "image/jpeg",
    b"GIF87a": "image/gif",
    b"GIF89a": "image/gif",
}


def attached_to(messages: Collection[UUID], *, takes_images: bool) -> dict[UUID, tuple[Attached, ...]]:
    """The files of each message in their order. Reads them: call it in a thread."""
    rows = Attachment.objects.filter(message__in=messages)
    files = rows.order_by("-message__position", "created_at", "pk")[:MAX_FILES]
    images, room = MAX_IMAGES if takes_images else 0, IMAGES_BYTES
    until = monotonic() + READING_SECONDS
    found: dict[UUID, list[Attached]] = defaultdict(list)
    for file in files:
        image = ""
        if images and room > 0 and file.type == AttachmentType.IMAGE:
            image = _data_url(_read(file, min(IMAGE_BYTES, room), until))
            images -= bool(image)
            room -= len(image) * 3 // 4
        text = _text(file, until) if PurePath(file.filename).suffix.lower() in TEXTS else ""
        found[file.message_id].append(Attached(file.filename, image, text))  # type: ignore[index]  # filtered by it
    return {message: tuple(of_it) for message, of_it in found.items()}


def _read(file: Attachment, limit: int, until: float) -> bytes:
    """The whole file; nothing when it is longer or cannot be read by then."""
    try:
        if monotonic() > until:
            raise TimeoutError
        content = store.beginning(str(file.file.name), limit + 1)
    except (ChatError, OSError, ValueError):
        logger.warning("attachment_unreadable", extra={"attachment": str(file.pk)})
        return b""
    return content if len(content) <= limit else b""


def _data_url(content: bytes) -> str:
    kind = next((kind for first, kind in SIGNATURES.items() if content.startswith(first)), "")
    if content[:4] == b"RIFF" and content[8:12] == b"WEBP":
        kind = "image/webp"
    return f"data:{kind};base64,{base64.b64encode(content).decode()}" if kind else ""


def _text(file: Attachment, until: float) -> str:
    try:
        return str(_read(file, TEXT_BYTES, until), "utf-8-sig").replace("\0", "")
    except UnicodeDecodeError:
        return ""
