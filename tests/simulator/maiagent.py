"""A chatbot of MaiAgent, in four variants: camelCase, snake_case (``-v2``), JSON objects one after another
(``-v3``), ``[DONE]`` instead of ``done: true`` (``-v4``). Its dialects end in ``/`` and the conversation."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from uuid import uuid4

import orjson

if TYPE_CHECKING:
    from tests.simulator.scenario import Scenario

NAME = "maiagent"


def speaks(dialect: str) -> bool:
    return dialect.startswith(NAME)


def dialect_of(scenario: Scenario, conversation: str) -> str:
    variant = scenario.dialect if speaks(scenario.dialect) else NAME
    return f"{variant}/{conversation}"


def content(dialect: str, piece: str) -> bytes:
    return _event(dialect, {"content": piece, "done": False})


def closing(dialect: str) -> bytes:
    if "-v4/" in dialect:
        return b"data: [DONE]\n\n"
    return _event(dialect, {"content": "", "done": True})


def whole(dialect: str, text: str) -> bytes:
    """An answer that is no stream names the documents that it was made of."""
    passage = {"id": "p1", "text": "The tide turns twice a day.", "filename": "tides.pdf", "pageNumber": 3}
    cited = {
        "citations": [{"id": "f1", "filename": "tides.pdf", "file": "https://files.example/tides.pdf"}],
        "citationNodes": [{"chatbotTextNode": passage, "score": 0.9, "displayScore": 90}],
    }
    return orjson.dumps(_with_conversation(dialect, {"content": text, **cited}))


def message_of(request: dict[str, Any]) -> str:
    return str(request["message"]["content"])


class Conversations:
    """Those that this chatbot remembers."""

    def __init__(self) -> None:
        self._known: set[str] = set()

    def take(self, id: str | None) -> str | None:
        """The conversation itself, or a new one without an id; None: there is no such."""
        if not id:
            id = str(uuid4())
            self._known.add(id)
        return id if id in self._known else None


def _event(dialect: str, payload: dict[str, Any]) -> bytes:
    body = orjson.dumps(_with_conversation(dialect, payload))
    return body + b"\n" if "-v3/" in dialect else b"data: " + body + b"\n\n"


def _with_conversation(dialect: str, payload: dict[str, Any]) -> dict[str, Any]:
    variant, _, conversation = dialect.partition("/")
    return {"conversation_id" if variant.endswith("-v2") else "conversationId": conversation, **payload}
