"""A reply as OpenAI's API says it: whole, or in chunks."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import aclosing
from typing import Any

import orjson
from django.http import HttpResponse
from django.http.response import HttpResponseBase

from chat.answers.failures import failure_of
from chat.answers.places import KeyRevoked
from chat.answers.reading import Reading
from chat.answers.stream import HEARTBEAT, EventStream, Heart, quoted
from chat.completions.budget import estimated_tokens
from chat.models import Reply
from chat.openai.errors import error_body
from chat.openai.question import Asked

Json = dict[str, Any]

#: Why a model stopped, where it is not that it was done.
REASONS = ("length", "content_filter")


async def answer(reading: Reading, asked: Asked) -> HttpResponseBase:
    """Whole, or a stream. What fails before there is any text is an error and not a stream."""
    if not asked.streams:
        return whole(await reading.whole(), asked)
    texts = reading.texts()
    first = await anext(texts, None)
    if first is None and (failed := failure(await reading.stored())):
        return failed
    return EventStream(chunks(reading, texts, first or "", asked))


def whole(reply: Reply, asked: Asked) -> HttpResponse:
    if failed := failure(reply):
        return failed
    message = {"role": "assistant", "content": reply.outgoing.content, "refusal": None}
    choice = {"index": 0, "message": message, "logprobs": None, "finish_reason": reason(reply)}
    body = {
        **head(reply, asked, "chat.completion"),
        "choices": [choice],
        "usage": usage(reply, asked),
        "citations": reply.outgoing.citations,
    }
    return HttpResponse(orjson.dumps(body), "application/json")


def failure(reply: Reply) -> HttpResponse | None:
    """The error in which a reply has ended."""
    if (failed := failure_of(reply)) is None:
        return None
    body = error_body(failed.message, failed.code, failed.status)
    return HttpResponse(orjson.dumps(body), "application/json", failed.status, headers=failed.headers)


async def chunks(
    reading: Reading, texts: AsyncGenerator[str, None], first: str, asked: Asked
) -> AsyncGenerator[bytes, None]:
    counted: Json = {"usage": None} if asked.counts else {}
    base = {**head(reading.reply, asked, "chat.completion.chunk"), **counted}
    # All chunks of text are alike but for the text.
    before, after = event({**base, **choice_of({"content": "\0"})}).split(b'"\\u0000"')
    heart = Heart()
    async with aclosing(texts):
        yield event({**base, **choice_of({"role": "assistant", "content": ""})})
        if first:
            yield before + quoted(first) + after
        try:
            async for text in texts:
                if text:
                    heart.beat()
                    yield before + quoted(text) + after
                elif heart.due:
                    heart.beat()
                    yield HEARTBEAT
        except KeyRevoked as revoked:
            yield event(error_body(str(revoked.message), "invalid_api_key", revoked.status))
            return
    reply = await reading.stored()
    if failed := failure_of(reply):
        yield event(error_body(failed.message, failed.code, failed.status))
        return
    yield event({**base, **choice_of({}, reason(reply)), "citations": reply.outgoing.citations})
    if asked.counts:
        yield event({**base, "choices": [], "usage": usage(reply, asked)})
    yield b"data: [DONE]\n\n"


def event(body: Json) -> bytes:
    return b"data: " + orjson.dumps(body) + b"\n\n"


def choice_of(delta: Json, finish_reason: str | None = None) -> Json:
    return {"choices": [{"index": 0, "delta": delta, "logprobs": None, "finish_reason": finish_reason}]}


def head(reply: Reply, asked: Asked, kind: str) -> Json:
    return {
        "id": f"chatcmpl-{reply.pk.hex}",
        "object": kind,
        "created": int(reply.queued_at.timestamp()),
        "model": asked.model,
        "system_fingerprint": None,
        "conversation_id": str(reply.conversation_id),
    }


def reason(reply: Reply) -> str:
    return reply.finish_reason if reply.finish_reason in REASONS else "stop"


def usage(reply: Reply, asked: Asked) -> Json:
    """As the endpoint counted it, or else estimated of what was asked and answered."""
    known = reply.usage or {}
    texts = [asked.instructions, *(said.content for said in asked.messages)]
    prompt = known.get("promptTokens") or sum(map(estimated_tokens, texts))
    completion = known.get("completionTokens") or estimated_tokens(reply.text)
    return {
        "prompt_tokens": prompt,
        "completion_tokens": completion,
        "total_tokens": prompt + completion,
    }
