"""The answer of a chatbot as the API sends it: whole, or piece by piece as server-sent events."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import aclosing
from typing import Any

from django.http import HttpResponse

from chat.answers.failures import failure, failure_of
from chat.answers.places import KeyRevoked
from chat.answers.reading import Reading
from chat.answers.stream import HEARTBEAT, Heart, quoted
from chat.api.renderers import encode
from chat.models import Reply, ReplyState
from chat.shapes import error_sentence
from chat.shapes.citations import rest_citation_nodes, rest_citations


def whole(reply: Reply) -> HttpResponse:
    """The whole answer of a reply that has ended, or the error in which it has."""
    names = {"conversationId": str(reply.conversation_id), "conversation_id": str(reply.conversation_id)}
    if failed := failure_of(reply):
        body = {"detail": failed.message, "code": failed.code, **names, "content": reply.text}
        return HttpResponse(encode(body), "application/json", failed.status, headers=failed.headers)
    outgoing = reply.outgoing
    answer = {
        **names,
        "messageId": str(outgoing.pk),
        "content": outgoing.content,
        "done": True,
        "citations": rest_citations(outgoing.citations),
        "citationNodes": rest_citation_nodes(outgoing.citation_nodes),
        **({"stopped": True} if reply.state == ReplyState.STOPPED else {}),
    }
    return HttpResponse(encode(answer), "application/json")


async def events(reading: Reading, *, numbered: bool) -> AsyncGenerator[bytes, None]:
    """``numbered``: each event has an id, from which the stream can be taken up again."""
    id = str(reading.reply.conversation_id)
    head = b'data: {"conversationId": "%(id)s", "conversation_id": "%(id)s", "content": '
    head %= {b"id": id.encode()}
    heart = Heart()
    yield b""  # the headers leave at once, not only with the first text
    async with aclosing(reading.texts()) as texts:
        try:
            async for text in texts:
                if text:
                    heart.beat()
                    yield number_of(reading, numbered) + head + quoted(text) + b', "done": false}\n\n'
                elif heart.due:
                    heart.beat()
                    yield HEARTBEAT
            error = error_of(reading)
        except KeyRevoked as revoked:
            error = str(revoked.message)
    yield number_of(reading, numbered) + b"data: " + encode(last(reading, id, error)) + b"\n\n"


def number_of(reading: Reading, numbered: bool) -> bytes:
    return b"id: %s:%d\n" % (str(reading.reply.pk).encode(), reading.sent) if numbered else b""


def error_of(reading: Reading) -> str:
    if reading.ended is None:
        return error_sentence("internal")
    failed = failure(reading.ended.state, reading.ended.error_code)
    return failed.message if failed else ""


def last(reading: Reading, id: str, error: str) -> dict[str, Any]:
    cited = reading.cited
    ended = reading.ended
    stopped = ended is not None and ended.state == ReplyState.STOPPED
    return {
        "conversationId": id,
        "conversation_id": id,
        "messageId": str(reading.reply.outgoing_id),
        "content": "",
        "done": True,
        "citations": rest_citations(cited.citations) if cited else [],
        "citationNodes": rest_citation_nodes(cited.nodes) if cited else [],
        **({"error": error} if error else {}),
        **({"stopped": True} if stopped else {}),
    }
