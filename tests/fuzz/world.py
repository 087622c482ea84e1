"""What the fuzzer's requests can hit: a server in which alice's organization has one thing of each kind, and
the keys of hers and of a stranger's."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from uuid import UUID

import requests

from chat.completions import foreign
from tests.harness.server import Server

#: Stands in every text of alice's, and in nothing that is generated.
SECRET = "zebra-lantern-quilt"
SECONDS = 60
#: As many attachments as messages may name before one comes twice.
UNUSED = 40


@dataclass
class World:
    """``ids`` are alice's things, by the names that addresses and bodies have for them; ``unused`` those of
    attachments that no message has."""

    server: Server
    keys: dict[str, str]
    ids: dict[str, str | int] = field(default_factory=dict)
    unused: list[str] = field(default_factory=list)

    def headers(self, who: str, scheme: str = "Api-Key") -> dict[str, str]:
        key = self.keys.get(who)
        return {"Authorization": f"{scheme} {key}", "2hd-api-key": key} if key else {}

    def post(self, path: str, body: Any, who: str = "alice") -> Any:
        return self._ask("POST", path, who, body)

    def get(self, path: str, who: str = "alice") -> Any:
        return self._ask("GET", path, who)

    def _ask(self, method: str, path: str, who: str, body: Any = None) -> Any:
        url = f"{self.server.origin}/api/{path}"
        answer = requests.request(method, url, json=body, headers=self.headers(who), timeout=SECONDS)
        assert answer.status_code in (200, 201), answer.text
        return answer.json()

    def upload(self, who: str = "alice") -> str:
        """The id of an attachment."""
        answer = requests.post(
            f"{self.server.origin}/api/attachments/",
            files={"file": (f"{SECRET}.txt", SECRET)},
            headers=self.headers(who),
            timeout=SECONDS,
        )
        assert answer.status_code == 201, answer.text
        return str(answer.json()["id"])


def open_world(data: Path) -> World:
    """The server is not started yet; its built-in provider answers, so that no reply takes long."""
    server = Server(data, LOG_LEVEL="ERROR")
    return World(server, {who: server.people[who]["key"] for who in ("alice", "charlie")})


def furnish(world: World) -> None:
    """Make the things through the API itself."""
    chatbot = world.post("chatbots/", {"name": SECRET, "instructions": SECRET})
    web_chat = chatbot["apiWebChatId"]
    conversation = world.post("conversations/", {"webChat": web_chat})["id"]
    said = {"conversation": conversation, "content": SECRET}
    world.ids |= {
        "chatbot": chatbot["id"],
        "language_model": chatbot["largeLanguageModel"],
        "attachment": world.upload(),
        "disposable attachment": world.upload(),
        "disposable chatbot": world.post("chatbots/", {"name": SECRET})["id"],
        "web_chat": web_chat,
        "conversation": conversation,
        "message": world.post("messages/outgoing/", said)["id"],
    }
    world.post(f"chatbots/{chatbot['id']}/completions/", {"message": {"content": SECRET}})
    inboxes = world.get("inboxes/")["results"]
    world.ids["inbox"] = next(one["id"] for one in inboxes if one["channel"]["id"] == web_chat)
    inbox = {"id": world.ids["inbox"]}
    for name in ("contact", "disposable contact"):
        world.ids[name] = world.post("contacts/", {"name": SECRET, "inboxes": [inbox]})["id"]
    question = {"message_content": SECRET, "platform": "email", "prospect_info": {"email": "ada@example.com"}}
    begun = world.post("create-conversation/", {"prospect_info": question["prospect_info"]})
    asked = world.post("initiate_answer_generation/", question | begun)
    world.ids |= begun | asked
    number(world)
    world.unused += [world.upload() for _ in range(UNUSED)]
    cite(world)


def number(world: World) -> None:
    """The integers by which two things are known, which the server gives out on pages and in answers."""
    query = "INSERT INTO chat_integerid (id, kind, object) VALUES (?, ?, ?)"
    for integer, (name, kind) in enumerate((("ai_id", "chatbot"), ("prospect_id", "contact")), start=1):
        world.ids[name] = integer
        assert world.server.execute(query, integer, kind, UUID(str(world.ids[kind])).hex)


def cite(world: World) -> None:
    """In every answer, what an endpoint cites of its own."""
    file = {"id": "7", "filename": SECRET, "file": "https://example.com/a.pdf"}
    passage = {"chatbotTextNode": {"id": "8", "text": SECRET, "filename": SECRET}, "score": 0.5}
    cited = [json.dumps(one) for one in (foreign.citations([file]), foreign.nodes([passage]))]
    query = "UPDATE chat_message SET citations = ?, citation_nodes = ? WHERE type = 'outgoing'"
    assert world.server.execute(query, *cited)
