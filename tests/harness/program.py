"""A program that asks a live server's chatbot over HTTP, as clients of the product's format do."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import requests

from tests.harness.server import Server

Json = dict[str, Any]


@dataclass
class Heard:
    """What came of a stream so far."""

    events: list[Json] = field(default_factory=list)
    ids: list[str] = field(default_factory=list)
    comments: int = 0

    @property
    def text(self) -> str:
        return "".join(event["content"] for event in self.events)

    @property
    def last(self) -> Json:
        return self.events[-1]

    def take(self, block: bytes) -> None:
        """One event as it stands in the stream: nothing but what the format has."""
        if block.startswith(b":"):
            self.comments += 1
            return
        *ids, line = block.split(b"\n")
        assert line.startswith(b"data: {"), block
        assert not ids or (len(ids) == 1 and ids[0].startswith(b"id: ")), block
        self.ids += [one.removeprefix(b"id: ").decode() for one in ids]
        self.events.append(json.loads(line.removeprefix(b"data: ")))


class Stream:
    """An open stream; iterating hears one block after the other."""

    def __init__(self, response: requests.Response) -> None:
        self.response, self.heard = response, Heard()
        self._blocks = self._read()

    def _read(self) -> Iterator[bytes]:
        buffer = b""
        for chunk in self.response.iter_content(None):
            *blocks, buffer = (buffer + chunk).split(b"\n\n")
            yield from blocks
        assert buffer == b""

    def hear(self, events: int = 1) -> Heard:
        """So many events more."""
        wanted = len(self.heard.events) + events
        while len(self.heard.events) < wanted:
            self.heard.take(next(self._blocks))
        return self.heard

    def rest(self) -> Heard:
        for block in self._blocks:
            self.heard.take(block)
        return self.heard


class Program:
    """``Program(server, "alice")`` has her key and asks her chatbot."""

    def __init__(self, server: Server, name: str = "alice", *, key: str = "") -> None:
        self.server = server
        self.key = key or server.people[name]["key"]
        self.chatbot: str = server.people[name]["chatbot"]
        self.url = f"{server.origin}/api/chatbots/{self.chatbot}/completions/"

    def headers(self, **more: str) -> dict[str, str]:
        names = {name.replace("_", "-"): value for name, value in more.items()}
        return {"Authorization": f"Api-Key {self.key}", **names}

    def post(self, body: Json, *, query: str = "", **headers: str) -> requests.Response:
        return requests.post(self.url + query, json=body, headers=self.headers(**headers), timeout=60)

    def ask(self, content: str, *, headers: dict[str, str] | None = None, **more: Any) -> requests.Response:
        return self.post({"message": {"content": content}, **more}, **(headers or {}))

    @contextmanager
    def stream(self, content: str, *, query: str = "", **more: Any) -> Iterator[Stream]:
        headers = self.headers(**more.pop("headers", {}))
        body = {"message": {"content": content}, "isStreaming": True, **more}
        with requests.post(self.url + query, json=body, headers=headers, stream=True, timeout=60) as response:
            assert response.status_code == 200, response.text
            yield Stream(response)
