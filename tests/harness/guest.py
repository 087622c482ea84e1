"""The page of a web chat without the browser: a tab of a visitor, and what it reads over HTTP."""

from __future__ import annotations

import json
import urllib.error
import urllib.request
from html import unescape
from typing import Any

from tests.harness.server import Server
from tests.harness.tab import Frame, Heard, Tab

SHOP = "https://shop.example"


def boot_of(server: Server, web_chat: str) -> dict[str, Any]:
    """What the page of the web chat carries."""
    status, page = server.get(f"/web-chats/{web_chat}")
    assert status == 200, status
    text = page.decode().partition('<script id="boot" type="application/json">')[2].partition("</script>")[0]
    boot: dict[str, Any] = json.loads(unescape(text))
    return boot


class Guest(Tab):
    """``async with Guest(server, site=…) as guest:`` is connected and greeted. ``session``: the cookie of a
    member, which a browser would send too. The token that the page would store is ``token``."""

    def __init__(
        self,
        server: Server,
        *,
        web_chat: str = "",
        site: str = SHOP,
        token: str | None = None,
        session: str = "",
        heard: dict[str, Heard] | None = None,
        **hello: Any,
    ) -> None:
        super().__init__(server, "", heard=heard)
        self.web_chat = web_chat or server.people["alice"]["webChat"]
        self.site, self.session = site, session
        self.hello = hello
        self.stored = token

    @property
    def token(self) -> str:
        """The newest that was told, else the one that it came with."""
        told = [one["token"] for one in self.frames if one["type"] == "visitor"]
        return told[-1] if told else self.stored or ""

    async def greet(self) -> None:
        await self.say_hello()
        await self.frame("ready")

    async def say_hello(self, **changes: Any) -> None:
        if "ticket" not in {**self.hello, **changes}:
            changes["ticket"] = boot_of(self.server, self.web_chat)["ticket"]
        token = {"token": self.stored} if self.stored else {}
        await self.say("hello", **{"protocol": 1, "site": self.site, **token, **self.hello, **changes})

    async def refused(self, code: int, **changes: Any) -> list[Frame]:
        """Connect, say hello and be sent away with this code; returns what was said before."""
        await self.connect(hello=False)
        await self.say_hello(**changes)
        await self.lost()
        assert self.closed == code, (self.closed, self.frames)
        return self.frames

    def ask(
        self, path: str, *, method: str = "GET", body: Any = None, token: str | None = None, **headers: str
    ) -> tuple[int, Any]:
        """Status and JSON of what the page asks, as the visitor whose token it has."""
        return ask_as(
            self.server,
            f"/web-chats/{self.web_chat}/{path}",
            method=method,
            body=body,
            token=self.token if token is None else token,
            site=headers.pop("site", self.site),
            **headers,
        )

    def conversations(self, **headers: str) -> list[str]:
        """The ids of those that are shown, the most recent first."""
        status, body = self.ask("conversations", **headers)
        assert status == 200, body
        return [row["id"] for row in body["results"]]


def ask_as(
    server: Server,
    path: str,
    *,
    token: str,
    site: str = SHOP,
    method: str = "GET",
    body: Any = None,
    **headers: str,
) -> tuple[int, Any]:
    sent = {"Parley-Site": site, "Content-Type": "application/json", **headers}
    if token:
        sent.setdefault("Authorization", f"Visitor {token}")
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(f"{server.origin}{path}", data, sent, method=method)
    try:
        with urllib.request.urlopen(request, timeout=10) as answer:
            text = answer.read()
            return answer.status, json.loads(text) if text else None
    except urllib.error.HTTPError as error:
        text = error.read()
        return error.code, json.loads(text) if text.startswith(b"{") else text
