"""The log: each record is an event with fields, written as a line for people or as one JSON object.

    logger.info("reply_ended", extra={"state": "complete", "characters": 120})

The name of an event never changes and holds no values; a field cannot be named as one of Python's own of a
record (``name``, ``process``, ``args``…). What ``bind`` was told stands in every later record of the same
task or request.
"""

from __future__ import annotations

import logging
import os
import socket
from collections.abc import Mapping
from contextvars import ContextVar
from datetime import UTC, datetime
from typing import Any

import orjson
from pythonjsonlogger.core import BaseJsonFormatter

from chat.redaction import without_secrets

#: This process, named as its lease is.
PROCESS = f"{socket.gethostname()}:{os.getpid()}"

_OURS = {"time", "level", "logger", "process"}
_NOTHING: Mapping[str, str] = {}
_bound: ContextVar[Mapping[str, str]] = ContextVar("bound", default=_NOTHING)


def bind(**fields: object) -> None:
    """Add fields to every record of this task or request from here on, and of the tasks that it starts."""
    _bound.set({**_bound.get(), **{name: str(value) for name, value in fields.items()}})


class JsonFormatter(BaseJsonFormatter):
    """``time``, ``level``, ``logger``, ``event``, ``process``, what was bound, the record's own fields, and
    ``exception`` with the traceback (without local variables)."""

    def __init__(self) -> None:
        super().__init__((), rename_fields={"exc_info": "exception", "stack_info": "stack"})
        # What libraries attach: objects, with whatever they hold.
        self._skip_fields |= {"request", "server_time", "taskName"}

    def add_fields(
        self, log_data: dict[str, Any], record: logging.LogRecord, message_dict: dict[str, Any]
    ) -> None:
        time = datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds")
        log_data["time"] = time.replace("+00:00", "Z")
        log_data["level"] = record.levelname
        log_data["logger"] = record.name
        log_data["event"] = record.message
        log_data["process"] = PROCESS
        log_data.update(_bound.get())
        super().add_fields(log_data, record, message_dict)

    def process_log_record(self, log_data: dict[str, Any]) -> dict[str, Any]:
        return {name: value if name in _OURS else _harmless(value) for name, value in log_data.items()}

    def jsonify_log_record(self, log_data: dict[str, Any]) -> str:
        return orjson.dumps(log_data).decode()


class LineFormatter(JsonFormatter):
    """The same for a terminal: time, level, logger and event, then ``name=value``, then the traceback."""

    def jsonify_log_record(self, log_data: dict[str, Any]) -> str:
        below = [log_data.pop(name) for name in ("exception", "stack") if name in log_data]
        del log_data["process"]
        head = [log_data.pop(name) for name in ("time", "level", "logger", "event")]
        head[-1] = _below(head[-1])
        line = " ".join([*head, *(f"{name}={_word(value)}" for name, value in log_data.items())])
        return "\n    ".join([line, *map(_below, below)])


def _harmless(value: object) -> str | int | float | None:
    if value is None or isinstance(value, int | float):
        return value
    # Half a surrogate pair cannot be written.
    return without_secrets(str(value)).encode(errors="replace").decode()


def _below(text: str) -> str:
    """Its further lines indented, so that none passes for one of ours; a terminal is given no orders."""
    lines = text.replace("\r\n", "\n").split("\n")
    return "\n    ".join("".join(map(_visible, line)) for line in lines)


def _visible(character: str) -> str:
    if character.isprintable() or character == "\t":
        return character
    return character.encode("unicode_escape").decode()


def _word(value: object) -> str:
    """As it is, or quoted where it could be taken for more than one field or line."""
    text = str(value)
    plain = text.isprintable() and not any(character in text for character in ' "=')
    return text if text and plain else orjson.dumps(text).decode()
