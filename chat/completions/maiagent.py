"""A chatbot of MaiAgent as the endpoint: ``POST …/chatbots/{id}/completions/`` with ``isStreaming: true``.

The chatbot there has its own instructions, documents and memory: it is asked with the newest message and the
id of its own conversation, and nothing else.
"""

from __future__ import annotations

import re
from contextlib import asynccontextmanager
from functools import partial
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import orjson

from chat.completions.answers import error_in
from chat.completions.budget import room_for_prompt, with_fitting_files
from chat.completions.decoder import BLANK, Decoder, usage_of
from chat.completions.deltas import UpstreamCitations, UpstreamConversation
from chat.completions.errors import UpstreamFault
from chat.completions.exchange import exchange, headers_with, refusal
from chat.completions.foreign import citations, nodes
from chat.completions.http import post
from chat.completions.messages import said
from chat.completions.objects import ObjectParser

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator

    import httpx

    from chat.completions.deadlines import Deadlines, Watchdog
    from chat.completions.deltas import Delta, Endpoint, Prompt

MAX_ID = 255
#: An address may be given with the path of the API or without it.
API_PATH = re.compile(r"/api(/v\d+)?$")


def stream(endpoint: Endpoint, prompt: Prompt, deadlines: Deadlines) -> AsyncGenerator[list[Delta], None]:
    """One attempt; what comes of it is in ``exchange``."""
    ask = partial(_answer, endpoint, prompt, deadlines)
    return exchange(ask, MaiAgentDecoder(), deadlines=deadlines, secret=endpoint.api_key)


def address(endpoint: Endpoint) -> str:
    base = endpoint.url.rstrip("/")
    path = "" if API_PATH.search(base) else "/api"
    return f"{base}{path}/chatbots/{quote(endpoint.chatbot_id, safe='')}/completions/"


def _body(endpoint: Endpoint, prompt: Prompt, conversation: str) -> bytes:
    known = {"conversation": conversation} if conversation else {}
    room = room_for_prompt(endpoint.context_tokens)
    content = said(with_fitting_files(prompt.turns[-1], room))
    message: dict[str, Any] = {"content": content}
    if prompt.query_metadata is not None:
        message["queryMetadata"] = prompt.query_metadata
    return orjson.dumps(known | {"message": message, "isStreaming": True})


@asynccontextmanager
async def _answer(
    endpoint: Endpoint, prompt: Prompt, deadlines: Deadlines, watchdog: Watchdog
) -> AsyncGenerator[httpx.Response, None]:
    """The answer 200; in a new conversation where the one that we know is not known there any more."""
    headers = headers_with("Api-Key", endpoint.api_key)
    ask = partial(post, address(endpoint), headers=headers, connect=deadlines.connect, watchdog=watchdog)
    conversation = prompt.upstream_conversation
    while True:
        async with ask(body=_body(endpoint, prompt, conversation)) as response:
            if response.status_code == 200:
                yield response
                return
            error, body = await refusal(response, endpoint.api_key, watchdog)
        if not (conversation and _is_forgotten(response.status_code, body)):
            raise error
        conversation = ""


def _is_forgotten(status: int, body: bytes) -> bool:
    """An object that is gone is a 404; an id that does not fit is an error of its field."""
    return status == 404 or (status == 400 and b'"conversation"' in body)


class MaiAgentDecoder(Decoder):
    """Events with ``conversationId`` (or ``conversation_id``), a piece of ``content``, and ``done``: as
    ``text/event-stream``, with or without ``[DONE]``, or as JSON objects one after another. An answer that is
    no stream is one such object."""

    def __init__(self) -> None:
        super().__init__()
        self._conversation = ""
        self._objects = self._ends = 0

    def begin(self, first: bytes) -> bool:
        if first.lstrip(BLANK).startswith(b"{"):
            self._events = ObjectParser()
            return True
        return super().begin(first)

    def close(self) -> list[Delta]:
        # One object that says nothing of an end is not the first of a stream but the whole answer.
        if isinstance(self._events, ObjectParser) and self._objects == 1 and not self._ends:
            self.done = True
        return super().close()

    def _payload(self, payload: dict[str, Any]) -> None:
        self._remember(payload.get("conversationId") or payload.get("conversation_id"))
        if content := payload.get("content"):
            self._content(content)
        self._cite(payload)
        if "usage" in payload:
            self._usage = usage_of(payload) or self._usage
        if "content" in payload:
            self._objects += 1
        if "done" in payload:
            self._ends += 1
            self.done = self.done or payload["done"] is True
        if error := error_in(payload):
            self.failure = error
        elif "detail" in payload and "content" not in payload:
            self.failure = UpstreamFault(str(payload["detail"]))

    def _whole(self, payload: dict[str, Any]) -> None:
        raise TypeError("a list")

    def _remember(self, conversation: object) -> None:
        if isinstance(conversation, str) and 0 < len(conversation) <= MAX_ID and conversation.isprintable():
            if conversation != self._conversation:
                self._deltas.append(UpstreamConversation(conversation))
            self._conversation = conversation

    def _cite(self, payload: dict[str, Any]) -> None:
        found = nodes(payload.get("citationNodes") or payload.get("citation_nodes"))
        if found:
            self._deltas.append(UpstreamCitations(citations(payload.get("citations")), found))
