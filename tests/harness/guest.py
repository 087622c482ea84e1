"""The page of a web chat without the browser: a tab of a visitor, and what it reads over HTTP."""

from __future__ import annotations

import hashlib
import json
import time
import urllib.error
import urllib.request
import warnings
from datetime import UTC, datetime, timedelta
from html import unescape
from typing import Any

import jwt
from jwt.warnings import InsecureKeyLengthWarning

from tests.harness.server import Server
from tests.harness.tab import Frame, Heard, Tab

SHOP = "https://shop.example"


def signed(
    server: Server, subject: str = "user-1", *, of: str = "alice", secret: str = "", **claims: Any
) -> str:
    """What a site signs of its visitor; a claim that is None is left out. ``alg`` and ``key`` as an attacker
    would have them."""
    algorithm, key = (
        claims.pop("alg", "HS256"),
        claims.pop("key", secret or server.people[of]["identitySecret"]),
    )
    said = {"sub": subject, "aud": server.people[of]["webChat"], "exp": time.time() + 600, **claims}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", InsecureKeyLengthWarning)  # keys that nobody should take
        return jwt.encode({name: value for name, value in said.items() if value is not None}, key, algorithm)


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
        with urllib.request.urlopen(request, timeout=30) as answer:
            text = answer.read()
            return answer.status, json.loads(text) if text else None
    except urllib.error.HTTPError as error:
        text = error.read()
        return error.code, json.loads(text) if text.startswith(b"{") else text


def set_web_chat(server: Server, web_chat: str, **values: object) -> None:
    """Change columns of the web chat, beside the server."""
    for name, value in values.items():
        server.execute(f"UPDATE chat_webchat SET {name} = ? WHERE id = ?", value, web_chat.replace("-", ""))  # noqa: S608


def set_token(server: Server, token: str, **values: object) -> None:
    """Change columns of a visitor's token, beside the server."""
    digest = hashlib.sha256(token.encode()).hexdigest()
    for name, value in values.items():
        changed = server.execute(f"UPDATE chat_visitortoken SET {name} = ? WHERE digest = ?", value, digest)  # noqa: S608
        assert changed == 1


def moment(**ago: float) -> str:
    """So long ago, as databases have it."""
    return (datetime.now(UTC) - timedelta(**ago)).isoformat(" ", "microseconds").removesuffix("+00:00")
