"""What the fuzzer's requests can hit: a server in which alice's organization has one thing of each kind, and
the keys of hers and of a stranger's."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import requests

from tests.harness.server import Server

#: Stands in every text of alice's, and in nothing that is generated.
SECRET = "zebra-lantern-quilt"
SECONDS = 60


@dataclass
class World:
    """``ids`` are alice's things, by the names that addresses and bodies have for them."""

    server: Server
    keys: dict[str, str]
    ids: dict[str, str] = field(default_factory=dict)

    def headers(self, who: str) -> dict[str, str]:
        key = self.keys.get(who)
        return {"Authorization": f"Api-Key {key}", "2hd-api-key": key} if key else {}

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
    world.ids |= {name: str(id) for name, id in (begun | asked).items()}
