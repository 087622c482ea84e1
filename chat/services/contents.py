"""What a message may say: how long, how deep, and what is made of it when it has no text of its own."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from uuid import UUID, uuid4

import orjson
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from chat.exceptions import BadRequest, TooLarge

Json = dict[str, Any]

MESSAGE_BYTES = 32 * 1024
#: So many attachments one message may have.
MESSAGE_FILES = 20
#: Of each of the values beside the content.
DETAIL_BYTES = 128 * 1024
#: What encodes JSON for the socket gives up on deep values, when the message would have been stored already.
METADATA_DEPTH = 20
TITLE_CHARACTERS = 60
#: What a canvas has to say; it is given an id and a time.
CANVAS = ("name", "canvas_type", "title", "content")


@dataclass(frozen=True, slots=True, kw_only=True)
class Details:
    """What a message may have beside its content. ``sender`` is the contact who wrote it, when a program
    hands it in; ``delivery`` and ``request_digest`` are as in ``Message``."""

    content_payload: Json | None = None
    canvas: Json | None = None
    metadata: Json | None = None
    delivery: Json | None = None
    request_digest: str = ""
    sender: UUID | None = None

    @property
    def columns(self) -> dict[str, Any]:
        return {
            "content_payload": self.content_payload,
            "canvas": canvas_of(self.canvas) if self.canvas else None,
            "metadata": self.metadata,
            "delivery": self.delivery,
            "request_digest": self.request_digest,
        }


#: Of nearly all messages.
PLAIN = Details()


def canvas_of(given: Json) -> Json:
    """A canvas as it is stored and shown."""
    return {
        "id": str(uuid4()),
        "name": given["name"],
        "canvasType": given["canvas_type"],
        "title": given["title"],
        "content": given["content"],
        "createdAt": str(int(timezone.now().timestamp() * 1000)),
    }


def checked(content: str, attachments: list[UUID] | None, details: Details = PLAIN) -> str:
    """The content as it is stored: without NUL, and when there is none the text of the payload or canvas."""
    content = content.replace("\x00", "")
    if not content.strip() and details is not PLAIN:
        content = spoken(details)
    try:
        size = len(content.encode())
    except UnicodeEncodeError:
        raise BadRequest(_("This message holds characters that are not text.")) from None
    if size > MESSAGE_BYTES:
        kilobytes = -(-(size - MESSAGE_BYTES) // 1024)
        raise TooLarge(
            _("This message is %(size)d KB too long. Shorten it, or attach it as a file.")
            % {"size": kilobytes}
        )
    if not (content.strip() or attachments or details.content_payload or details.canvas):
        raise BadRequest(_("This message is empty. Write something and send it again."))
    return content


def check_values(*values: Json | None) -> None:
    """Raises ``BadRequest`` for JSON that is too deep or has what cannot be stored, ``TooLarge`` for long."""
    for value in values:
        if value is None:
            continue
        if not is_plain(value, depth=METADATA_DEPTH):
            raise BadRequest
        try:
            size = len(orjson.dumps(value))
        except orjson.JSONEncodeError:
            raise BadRequest from None
        if size > DETAIL_BYTES:
            raise TooLarge


def is_plain(value: Any, *, depth: int) -> bool:
    """Whether JSON is at most so deep and without NUL, which PostgreSQL does not store."""
    match value:
        case str():
            return "\x00" not in value
        case dict():
            return depth > 0 and all(is_plain(one, depth=depth - 1) for pair in value.items() for one in pair)
        case list():
            return depth > 0 and all(is_plain(one, depth=depth - 1) for one in value)
        case _:
            return True


def spoken(details: Details) -> str:
    """The text of a message without content, or its beginning: of its payload, or else of its canvas."""
    canvas = details.canvas or {}
    texts = [*_texts(details.content_payload or {}), canvas.get("content")]
    found = (text.replace("\x00", "") for text in texts if isinstance(text, str) and text.strip())
    return next(found, "")[: MESSAGE_BYTES // 4]  # characters of four bytes at most


def _texts(payload: Json) -> Iterator[Any]:
    yield payload.get("content")
    items = payload.get("items")
    parts = [one.get("text") for one in items if isinstance(one, dict)] if isinstance(items, list) else []
    yield "\n".join(part for part in parts if isinstance(part, str))


def title_of(content: str) -> str:
    """The first line, cut at a word: what the sidebar shows until somebody renames it."""
    line = next((line.strip("#>*-` \t") for line in content.splitlines() if line.strip("#>*-` \t")), "")
    line = " ".join(line.split())
    if len(line) <= TITLE_CHARACTERS:
        return line
    head = line[:TITLE_CHARACTERS]
    cut = head.rfind(" ")
    return (head[:cut] if cut > TITLE_CHARACTERS // 2 else head).rstrip(" .,;:!?、，。；：！？") + "…"
