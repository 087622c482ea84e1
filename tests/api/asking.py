"""Asks the API as a program does: ``Caller(key).get("inboxes/")``."""

from __future__ import annotations

import json
from typing import Any

from django.http import HttpResponse
from django.test import Client

from chat.models import Organization
from chat.services.keys import create_api_key
from tests import people


def key_of(organization: Organization, *scopes: str) -> str:
    return create_api_key(organization=organization, name="Test", scopes=scopes)[1]


class Caller:
    """Somebody with a key, or a stranger without one."""

    def __init__(self, key: str | None = None, prefix: str = "/api/", address: str = "127.0.0.1") -> None:
        self.key, self.prefix, self.address = key, prefix, address

    def ask(
        self, method: str, path: str, body: Any = None, *, raw: bytes | None = None, **headers: str
    ) -> HttpResponse:
        """``body`` travels as JSON; ``raw`` as it is, as the ``content_type`` among the headers."""
        sent = {"Authorization": f"Api-Key {self.key}"} if self.key else {}
        kind = headers.pop("content_type", "application/json")
        data = raw if raw is not None else (b"" if body is None else json.dumps(body).encode())
        names = {name.replace("_", "-"): value for name, value in headers.items()}
        client = Client(raise_request_exception=False, REMOTE_ADDR=self.address)
        response: HttpResponse = client.generic(
            method, f"{self.prefix}{path}", data, kind, headers={**sent, **names}
        )
        return response

    def get(self, path: str, **headers: str) -> HttpResponse:
        return self.ask("GET", path, **headers)

    def post(self, path: str, body: Any = None, **more: Any) -> HttpResponse:
        return self.ask("POST", path, body, **more)

    def patch(self, path: str, body: Any = None, **more: Any) -> HttpResponse:
        return self.ask("PATCH", path, body, **more)

    def put(self, path: str, body: Any = None, **more: Any) -> HttpResponse:
        return self.ask("PUT", path, body, **more)

    def delete(self, path: str) -> HttpResponse:
        return self.ask("DELETE", path)


def alices() -> Caller:
    return Caller(key_of(people.organization_of(people.alice())))


def charlies() -> Caller:
    return Caller(key_of(people.organization_of(people.charlie())))
