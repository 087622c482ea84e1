"""A teammate who answers through the API, with alice's key."""

from __future__ import annotations

from typing import Any

import requests

from tests.harness.server import Server


def answer(server: Server, conversation: str, *files: tuple[str, bytes], content: str = "") -> dict[str, Any]:
    """Write into a visitor's conversation, with these files; returns the message."""
    ids = [_post(server, "attachments", files={"file": one})["id"] for one in files]
    body = {"conversation": conversation, "content": content, "attachments": ids}
    return _post(server, "messages/outgoing", json=body)


def _post(server: Server, path: str, **sent: Any) -> dict[str, Any]:
    headers = {"Authorization": f"Api-Key {server.people['alice']['key']}"}
    made = requests.post(f"{server.origin}/api/{path}/", headers=headers, timeout=10, **sent)
    assert made.status_code == 201, made.text
    body: dict[str, Any] = made.json()
    return body
