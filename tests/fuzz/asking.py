"""Generates requests from the schema, sends them with two keys and with none, and looks at what comes back.

Most requests name things that exist: with random ids alone nothing would be reached.
"""

from __future__ import annotations

import itertools
import os
from typing import Any

import orjson
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis.strategies import one_of
from schemathesis import Case, GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.core.result import Ok
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from chat.api.views.documentation import document
from tests.fuzz.world import SECONDS, SECRET, World

#: For each operation and each key; ``make fuzz`` has more.
EXAMPLES = int(os.environ.get("FUZZ_EXAMPLES", "3"))
#: The last has no key.
CALLERS = ("alice", "charlie", "nobody")
CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_schema_conformance,
]
SCHEMA = schemathesis.openapi.from_dict(orjson.loads(document("json")))
OPERATIONS = [found.ok() for found in SCHEMA.get_all_operations() if isinstance(found, Ok)]
#: What stands in the place of ``{id}`` after these parts of a path.
NAMED = {
    "chatbots": "chatbot",
    "contacts": "contact",
    "conversations": "conversation",
    "messages": "message",
    "attachments": "attachment",
    "web-chats": "web_chat",
}
#: Fields and parameters that name a thing, by their names in either case.
FIELDS = {
    "conversation": "conversation",
    "webChat": "web_chat",
    "chatbot": "chatbot",
    "model": "chatbot",
    "inbox": "inbox",
    "inboxes": "inbox",
    "contact": "contact",
    "sender": "contact",
    "inboxId": "inbox",
    "contactIds": "contact",
    "excludeContactIds": "disposable contact",
    "attachments": "attachment",
    "largeLanguageModel": "language_model",
    "ai_id": "ai_id",
    "prospect_id": "prospect_id",
    "conversation_id": "conversation_id",
    "incoming_message_id": "incoming_message_id",
    "before": "incoming_message_id",
}


def aim(case: Case, world: World) -> None:
    """Put the ids of things that exist in the place of random ones."""
    ids, first = world.ids, case.path.strip("/").split("/")[1]
    disposable = f"disposable {NAMED.get(first)}" if case.method == "DELETE" else ""
    target = ids.get(disposable) or ids.get(NAMED.get(first, ""))
    if target and isinstance(case.path_parameters, dict) and "id" in case.path_parameters:
        case.path_parameters["id"] = target
    for part in (case.path_parameters, case.query, case.body):
        if isinstance(part, dict):
            part.update({name: aimed(value, world, name) for name, value in part.items()})


def aimed(value: Any, world: World, name: str) -> Any:
    """With ids of things that exist. In an object ``id`` is that of what the object stands for."""
    match value:
        case dict():
            return {key: aimed(one, world, name if key == "id" else key) for key, one in value.items()}
        case list():
            few = value[:2] if name in FIELDS else value  # so that there are enough of what is used up
            return [aimed(one, world, name) for one in few]
        case str() | int() if not isinstance(value, bool):
            if name == "attachments" and world.unused:
                return world.unused.pop()  # a message takes it for itself
            return world.ids.get(FIELDS.get(name, ""), value)
    return value


def complaint(case: Case, world: World, who: str) -> str:
    """What is wrong with the answer, if anything."""
    scheme = "Bearer" if case.path.startswith("/v1/") else "Api-Key"
    headers = world.headers(who, scheme)
    answer = case.call(base_url=world.server.origin, headers=headers, timeout=SECONDS)
    case.validate_response(answer, checks=CHECKS)
    foreign = who != "alice" and SECRET.encode() in answer.content
    return f"{case.method} {case.path} told a stranger: {answer.text[:500]}" if foreign else ""


def ask_everything(operation: Any, world: World) -> None:
    """``EXAMPLES`` requests of each caller, of what the schema allows and of what it does not."""
    number = itertools.count()
    modes = [operation.as_strategy(generation_mode=mode) for mode in GenerationMode]

    @settings(
        max_examples=EXAMPLES,
        deadline=None,
        derandomize="FUZZ_EXAMPLES" not in os.environ,
        database=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(case=one_of(modes))
    def ask(case: Case) -> None:
        if next(number) % 4 != 3:
            aim(case, world)
        complaints = [complaint(case, world, who) for who in CALLERS]
        assert not any(complaints), complaints

    ask()
