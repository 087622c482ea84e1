"""The frames of the socket: what a client may send, and what the server sends.

Each is one JSON object with ``type``; server frames carry ``n``, their number on this socket. The fields are
documented in ``docs/socket.md``, which a test holds against these classes.
"""

from __future__ import annotations

from dataclasses import dataclass, field, fields
from typing import Any, ClassVar
from uuid import UUID

import orjson
from django.utils.translation import gettext_lazy as _

from chat.exceptions import BadRequest
from chat.services.contents import MESSAGE_FILES

PROTOCOL = 1


@dataclass(frozen=True, slots=True)
class Hello:
    type: ClassVar = "hello"
    protocol: int
    ticket: str | None = None
    site: str = ""
    token: str | None = None
    contactId: str | None = None
    identity: str | None = None


@dataclass(frozen=True, slots=True)
class Open:
    type: ClassVar = "open"
    conversation: UUID
    reply: UUID | None = None
    after: int = 0


@dataclass(frozen=True, slots=True)
class Send:
    type: ClassVar = "send"
    id: UUID
    conversation: UUID
    content: str
    chatbot: UUID | None = None
    attachments: list[UUID] = field(default_factory=list)
    queryMetadata: dict[str, Any] | None = None
    profile: dict[str, Any] | None = None


@dataclass(frozen=True, slots=True)
class Stop:
    type: ClassVar = "stop"
    reply: UUID


@dataclass(frozen=True, slots=True)
class Retry:
    type: ClassVar = "retry"
    message: UUID


@dataclass(frozen=True, slots=True)
class Ack:
    type: ClassVar = "ack"
    n: int


@dataclass(frozen=True, slots=True)
class Ping:
    type: ClassVar = "ping"


ClientFrame = Hello | Open | Send | Stop | Retry | Ack | Ping
CLIENT_FRAMES: dict[str, type[ClientFrame]] = {
    kind.type: kind for kind in (Hello, Open, Send, Stop, Retry, Ack, Ping)
}

#: How the value of a field is read, by the text of its annotation.
_READERS: dict[str, Any] = {
    "UUID": lambda value: UUID(value),
    "UUID | None": lambda value: None if value is None else UUID(value),
    "str": lambda value: _of(str, value),
    "str | None": lambda value: None if value is None else _of(str, value),
    "int": lambda value: _number(value),
    "list[UUID]": lambda value: [UUID(one) for one in _short(_of(list, value))],
    "dict[str, Any] | None": lambda value: None if value is None else _of(dict, value),
}


def _of(kind: type, value: Any) -> Any:
    if not isinstance(value, kind):
        raise TypeError
    return value


def _short(values: list[Any]) -> list[Any]:
    if len(values) > MESSAGE_FILES:
        raise ValueError
    return values


def _number(value: Any) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value < 2**53:
        raise ValueError
    return value


def parse(text: str) -> ClientFrame:
    """Read one frame; unknown fields are ignored. What is wrong is said by a ``BadRequest``."""
    try:
        raw = orjson.loads(text)
    except orjson.JSONDecodeError:
        raise BadRequest(_("A frame is one JSON object.")) from None
    kind = CLIENT_FRAMES.get(str(raw.get("type"))) if isinstance(raw, dict) else None
    if kind is None:
        raise BadRequest(_("This frame has no known type."))
    values = {}
    for one in fields(kind):
        if one.name in raw:
            try:
                values[one.name] = _READERS[str(one.type)](raw[one.name])
            except (TypeError, ValueError, AttributeError):
                raise BadRequest(
                    _("The field “%(field)s” is not of its kind.") % {"field": one.name}
                ) from None
    try:
        return kind(**values)
    except TypeError:
        raise BadRequest(_("A “%(type)s” frame lacks a field.") % {"type": kind.type}) from None


def reference(frame: ClientFrame | BadRequest) -> str | None:
    """What an answer to the frame names as its ``ref``: the message or reply that it is about."""
    match frame:
        case Send():
            return str(frame.id)
        case Retry():
            return str(frame.message)
        case Open(reply=UUID()):
            return str(frame.reply)
        case _:
            return None


@dataclass(frozen=True, slots=True)
class Ready:
    type: ClassVar = "ready"
    protocol: int
    principal: dict[str, Any]
    limits: dict[str, int]
    token: str | None = None


@dataclass(frozen=True, slots=True)
class VisitorFrame:
    type: ClassVar = "visitor"
    token: str


@dataclass(frozen=True, slots=True)
class MessageFrame:
    type: ClassVar = "message"
    message: dict[str, Any]
    ref: str | None = None


@dataclass(frozen=True, slots=True)
class ReplyStarted:
    type: ClassVar = "reply.started"
    reply: str
    conversation: str
    message: str
    attempt: int


@dataclass(slots=True)  # not frozen: there is one for each token and reader, and those take longer to make
class ReplyDelta:
    type: ClassVar = "reply.delta"
    reply: str
    from_: int
    seq: int
    text: str


@dataclass(frozen=True, slots=True)
class ReplySnapshot:
    type: ClassVar = "reply.snapshot"
    reply: str
    seq: int
    text: str


@dataclass(frozen=True, slots=True)
class ReplyCitations:
    type: ClassVar = "reply.citations"
    reply: str
    seq: int
    citations: list[dict[str, Any]]
    citationNodes: list[dict[str, Any]]


@dataclass(frozen=True, slots=True)
class ReplyWaiting:
    type: ClassVar = "reply.waiting"
    reply: str
    seq: int
    seconds: float
    code: str


@dataclass(frozen=True, slots=True)
class ReplyEnded:
    type: ClassVar = "reply.ended"
    reply: str
    seq: int
    status: str
    length: int
    message: str
    error: dict[str, Any] | None = None


@dataclass(frozen=True, slots=True)
class ConversationFrame:
    type: ClassVar = "conversation"
    conversation: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Restarting:
    type: ClassVar = "restarting"


@dataclass(frozen=True, slots=True)
class Error:
    type: ClassVar = "error"
    code: str
    message: str
    ref: str | None = None


@dataclass(frozen=True, slots=True)
class Pong:
    type: ClassVar = "pong"


ServerFrame = (
    Ready
    | VisitorFrame
    | MessageFrame
    | ReplyStarted
    | ReplyDelta
    | ReplySnapshot
    | ReplyCitations
    | ReplyWaiting
    | ReplyEnded
    | ConversationFrame
    | Restarting
    | Error
    | Pong
)
SERVER_FRAMES: dict[str, type[ServerFrame]] = {
    kind.type: kind
    for kind in (
        Ready,
        VisitorFrame,
        MessageFrame,
        ReplyStarted,
        ReplyDelta,
        ReplySnapshot,
        ReplyCitations,
        ReplyWaiting,
        ReplyEnded,
        ConversationFrame,
        Restarting,
        Error,
        Pong,
    )
}
_NAMES = {
    kind: tuple((one.name.rstrip("_"), one.name) for one in fields(kind)) for kind in SERVER_FRAMES.values()
}


def encode(frame: ServerFrame, n: int) -> bytes:
    """The frame as JSON; a field that is None is left out."""
    if isinstance(frame, ReplyDelta):
        return orjson.dumps(
            {
                "type": "reply.delta",
                "n": n,
                "reply": frame.reply,
                "from": frame.from_,
                "seq": frame.seq,
                "text": frame.text,
            }
        )
    body: dict[str, Any] = {"type": frame.type, "n": n}
    for name, attribute in _NAMES[type(frame)]:
        value = getattr(frame, attribute)
        if value is not None:
            body[name] = value
    return orjson.dumps(body)
