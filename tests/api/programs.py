"""A client of the API in the manner of those that were written for MaiAgent, against a real server."""

from __future__ import annotations

import hashlib
import secrets
from typing import Any
from uuid import uuid4

import requests

from tests.harness.server import Server

#: The fields that the official clients send on, in their order; they know no others.
SIX = ("key", "x-amz-algorithm", "x-amz-credential", "x-amz-date", "policy", "x-amz-signature")


def key_in(server: Server, organization: str = "Home") -> str:
    """A new API key of the organization, written beside the server."""
    key = f"pk_program_{secrets.token_urlsafe(32)}"
    [(home,)] = server.rows("SELECT id FROM chat_organization WHERE name = ?", organization)
    server.execute(
        "INSERT INTO chat_apikey (id, organization_id, name, prefix, digest, scopes, created_at)"
        " VALUES (?, ?, 'Program', 'pk_program', ?, '[]', CURRENT_TIMESTAMP)",
        uuid4().hex,
        home,
        hashlib.sha256(key.encode()).hexdigest(),
    )
    return key


class Program(requests.Session):
    def __init__(self, server: Server, key: str) -> None:
        super().__init__()
        self.base = f"{server.origin}/api/v1/"
        self.key = key
        self.headers["Authorization"] = f"Api-Key {key}"

    def form(self, name: str, content: bytes) -> dict[str, Any]:
        wish = {"filename": name, "modelName": "attachment", "fieldName": "file", "fileSize": len(content)}
        answer = self.post(f"{self.base}upload-presigned-url/", json=wish)
        assert answer.status_code == 200, answer.text
        found: dict[str, Any] = answer.json()
        return found

    def deliver(self, form: dict[str, Any], name: str, content: bytes) -> requests.Response:
        fields = {one: form["fields"][one] for one in SIX}
        return requests.post(form["url"], data=fields, files={"file": (name, content)}, timeout=10)

    def register(self, key: str, name: str) -> requests.Response:
        body = {"file": key, "filename": name, "type": "image"}
        return self.post(f"{self.base}attachments/", json=body)

    def upload(self, name: str, content: bytes) -> dict[str, Any]:
        """The attachment, after the three steps."""
        form = self.form(name, content)
        assert self.deliver(form, name, content).status_code == 204
        made = self.register(form["fields"]["key"], name)
        assert made.status_code == 201, made.text
        found: dict[str, Any] = made.json()
        return found
