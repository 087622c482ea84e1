"""What can go wrong, by name.

instead of a stream   refuse, hang, 429, 500, 502, 503, html200, empty200, json200, error200, badstatus
``after`` some text   cut_chunked, cut_rst, cut_close, badchunk, stall, keepalive, drip, endless,
                      bigline, malformed, glued, nodata, wrongtype, badutf8, u2028, nul, odd,
                      error_event, no_done
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import TYPE_CHECKING, Any

import orjson

from tests.simulator import dialects, maiagent

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tests.simulator.scenario import Scenario

#: Everything at which ``str.splitlines()`` would tear an event apart, as raw characters.
SEPARATORS = "a\u2028b\u2029c\u0085d\u000be\u000cf\u001cg\u001dh\u001ei"
#: JSON forbids control characters below U+0020 in a string, so those few are escaped as a real server would.
SEPARATORS_RAW = "".join(c if c >= " " else f"\\u{ord(c):04x}" for c in SEPARATORS).encode()
LONE_SURROGATE = b'data: {"choices":[{"index":0,"delta":{"content":"c\\ud800d"}}]}\n\n'
ODD = (
    b'data: {"choices":[{"index":1,"delta":{"content":"SECOND"}},'
    b'{"index":0,"delta":{"content":"[first]"}}]}\n\n'
    b'data: {"choices":[{"index":1,"delta":{"content":"SECOND"},"finish_reason":"length"}]}\n\n'
    b'data: {"choices":[{"index":0,"delta":{"role":"assistant","tool_calls":[{}],"content":null}}]}\n\n'
)
SECRET_BODY = "<html><body>upstream said: sk-secret-0123456789</body></html>"


@dataclass(frozen=True, slots=True)
class Pause:
    seconds: float


@dataclass(frozen=True, slots=True)
class Cut:
    """The connection ends here: politely (FIN), or with a reset."""

    reset: bool = False


@dataclass(frozen=True, slots=True)
class Hang:
    """Nothing more is sent, and the connection stays open."""


@dataclass(frozen=True, slots=True)
class Unframed:
    """Bytes that are no chunk."""

    data: bytes


Step = bytes | Pause | Cut | Hang | Unframed


@dataclass(frozen=True, slots=True)
class Answer:
    """A whole answer that is not a stream."""

    status: str
    body: bytes
    content_type: str = "application/json"
    headers: tuple[tuple[str, str], ...] = ()


def _error(status: str, message: str, **headers: str) -> Answer:
    named = tuple((name.replace("_", "-"), _written(value)) for name, value in headers.items() if value)
    return Answer(status, orjson.dumps({"error": {"message": message, "type": "error"}}), headers=named)


def _written(value: str) -> str:
    """``date+3`` is the date three seconds from now, as HTTP writes it; ``_`` is a space."""
    if not value.startswith("date+"):
        return value.replace("_", " ")
    return format_datetime(datetime.now(UTC) + timedelta(seconds=float(value[5:])), usegmt=True)


def answer_for(scenario: Scenario, request: dict[str, Any], text: str) -> Answer | None:
    """The answer that stands in for the stream, if this scenario has one."""
    if scenario.no_stream_options and "stream_options" in request:
        return _error("400 Bad Request", "Unrecognized request argument supplied: stream_options")
    match scenario.fault:
        case "429":
            return _error("429 Too Many Requests", "Rate limit", retry_after=scenario.retry_after)
        case "400" | "401" | "404" | "500" | "502":
            return Answer(f"{scenario.fault} Fault", SECRET_BODY.encode(), "text/html")
        case "503":
            return _error("503 Service Unavailable", "Loading model", retry_after=scenario.retry_after)
        case "html200":
            return Answer("200 OK", SECRET_BODY.encode(), "text/html; charset=utf-8")
        case "empty200":
            return Answer("200 OK", b"", "text/event-stream")
        case "error200":
            return _error("200 OK", "model not found")
        case "json200" if maiagent.speaks(scenario.dialect):
            return Answer("200 OK", maiagent.whole(scenario.dialect, text))
        case "json200":
            message = {"role": "assistant", "content": text}
            choice = {"index": 0, "message": message, "finish_reason": "stop"}
            usage = {"prompt_tokens": 7, "completion_tokens": 3}
            return Answer("200 OK", orjson.dumps({"choices": [choice], "usage": usage}))
        case _:
            return None


def _repeat(step: bytes, every: float) -> Iterator[Step]:
    while True:
        yield step
        yield Pause(every)


def _drip(every: float) -> Iterator[Step]:
    yield b'data: {"choices":[{"delta":{"content":"'
    yield from _repeat(b"x", every)


BREAKS: dict[str, Callable[[Scenario], Iterator[Step]]] = {
    "cut_chunked": lambda _: iter([Cut()]),
    "cut_close": lambda _: iter([Cut()]),
    "cut_rst": lambda _: iter([Cut(reset=True)]),
    "badchunk": lambda _: iter([Unframed(b"this is no chunk\r\n"), Hang()]),
    "stall": lambda _: iter([Hang()]),
    "keepalive": lambda scenario: _repeat(b": keep-alive\n\n", scenario.every),
    "drip": lambda scenario: _drip(scenario.every),
    "bigline": lambda _: (b"data: " + b"x" * 65536 if n == 0 else b"x" * 65536 for n in range(320)),
}
"""Faults after which nothing good comes."""

INSERTS: dict[str, Callable[[Scenario], bytes]] = {
    "malformed": lambda _: b'data: {"choices":[{"delta":{"content": \n\n',
    "glued": lambda s: dialects.content(s.dialect, "one")[:-1] + dialects.content(s.dialect, "two"),
    "nodata": lambda _: b'{"choices":[{"delta":{"content":"lost"}}]}\n\n',
    "wrongtype": lambda _: b'data: {"choices":"none"}\n\ndata: [1,2]\n\ndata: "text"\n\n',
    "badutf8": lambda s: dialects.content(s.dialect, "@@").replace(b"@@", b"\xff\xc3"),
    "u2028": lambda s: dialects.content(s.dialect, "@@").replace(b"@@", SEPARATORS_RAW),
    "nul": lambda s: dialects.content(s.dialect, "a\u0000b") + LONE_SURROGATE,
    "error_event": lambda _: b'event: error\ndata: {"error":{"message":"out of memory","code":500}}\n\n',
    "odd": lambda _: b'data: {"choices":[]}\n\nevent: ping\ndata: {}\n\nid: 7\nretry: 10\n\n' + ODD,
}
"""Faults in the midst of a stream that goes on and ends well."""
