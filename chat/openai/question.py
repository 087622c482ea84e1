"""What a client of OpenAI's API asks: a whole conversation, of which the last message is to be answered.

``system`` and ``developer`` messages are said to the model after the chatbot's own instructions. The earlier
messages are stored as the beginning of a new conversation. What a chatbot decides itself (temperature,
length, tools and so on) may be sent and changes nothing.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

import orjson
from django.utils.translation import gettext_lazy as _

from chat.exceptions import BadRequest, TooLarge
from chat.models import Chatbot
from chat.openai.errors import Invalid
from chat.services.completions import Question, Said
from chat.services.contents import MESSAGE_BYTES, METADATA_DEPTH, Details, is_plain

BODY_BYTES = 1024 * 1024
#: As many earlier messages as a prompt is made of.
EARLIER = 200

ROLES: dict[str, Literal["user", "assistant"]] = {"user": "user", "assistant": "assistant"}
INSTRUCTING = ("system", "developer")
TEXT_PARTS = ("text", "input_text", "output_text")


@dataclass(frozen=True, slots=True)
class Asked:
    """``model`` as the client names it; ``counts``: it wants the usage at the end of the stream."""

    model: str
    messages: list[Said]
    instructions: str
    streams: bool
    counts: bool

    def of(self, chatbot: Chatbot) -> Question:
        *earlier, last = self.messages
        delivery = {"platform": "openai", "instructions": self.instructions}
        return Question(
            chatbot=chatbot.pk,
            content=last.content,
            earlier=tuple(earlier[-EARLIER:]),
            details=Details(delivery=delivery),
        )


def asked(body: bytes) -> Asked:
    """Raises ``BadRequest`` for what cannot be understood."""
    given = _read(body)
    model = given.get("model")
    if not isinstance(model, str) or not model:
        raise Invalid(_("Name a model. GET /v1/models lists all."), "model")
    if given.get("n") not in (None, 1):
        raise Invalid(_("One answer is given at a time: n is 1."), "n")
    options = given.get("stream_options")
    messages, instructions = _messages(given.get("messages"))
    return Asked(
        model=model,
        messages=messages,
        instructions=instructions,
        streams=_flag(given, "stream"),
        counts=isinstance(options, dict) and _flag(options, "include_usage"),
    )


def _read(body: bytes) -> dict[str, Any]:
    if len(body) > BODY_BYTES:
        raise TooLarge(_("The body of this request can be at most 1 MB."))
    try:
        given = orjson.loads(body)
    except orjson.JSONDecodeError as error:
        raise BadRequest(f"JSON parse error - {error}") from None
    if not isinstance(given, dict) or not is_plain(given, depth=METADATA_DEPTH):
        raise BadRequest(_("Send a JSON object, at most 20 levels deep and without null characters."))
    return given


def _flag(given: dict[str, Any], name: str) -> bool:
    value = given.get(name)
    if not isinstance(value, bool | None):
        raise Invalid(_("This is true or false."), name)
    return bool(value)


def _messages(given: Any) -> tuple[list[Said], str]:
    """The turns, and what the system says."""
    if not isinstance(given, list) or not given:
        raise Invalid(_("Send a list of messages, of which the last is the user's."), "messages")
    turns: list[Said] = []
    instructions: list[str] = []
    for number, one in enumerate(given):
        place = f"messages[{number}]"
        role = one.get("role") if isinstance(one, dict) else None
        if role in INSTRUCTING:
            instructions.append(_text(one.get("content"), place))
        elif role in ROLES:
            turns.append(Said(ROLES[role], _text(one.get("content"), place)))
        else:
            raise Invalid(_("A message has a role: system, developer, user or assistant."), f"{place}.role")
    if not turns or turns[-1].role != "user" or given[-1]["role"] != "user":
        raise Invalid(_("The last message is the user's."), "messages")
    system = "\n\n".join(filter(None, instructions))
    if len(system.encode()) > MESSAGE_BYTES:
        raise TooLarge(_("The system messages are too long: 32 KB at most."))
    *earlier, last = turns
    return [*(turn for turn in earlier if turn.content.strip()), last], system


def _text(content: Any, place: str) -> str:
    """A text, nothing, or a list of parts that are texts."""
    match content:
        case None:
            return ""
        case str():
            return content
        case list():
            return "\n".join(_part(part, place) for part in content)
    raise Invalid(_("Content is a text or a list of texts."), f"{place}.content")


def _part(part: Any, place: str) -> str:
    text = part.get("text") if isinstance(part, dict) and part.get("type") in TEXT_PARTS else None
    if not isinstance(text, str):
        raise Invalid(_("Only text can be sent here, no pictures, sounds or files."), f"{place}.content")
    return text
