"""The address at which the doctor asks how a request arrives here (``chat.doctor.probe``)."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator

from django.http import Http404, HttpRequest, StreamingHttpResponse
from django.views.decorators.http import require_GET

from chat.doctor import probe
from chat.doctor.probe import Question, Witness


@require_GET
async def answer_probe(request: HttpRequest) -> StreamingHttpResponse:
    """Five comments of an event stream, a fifth of a second apart; the first says what was seen of the
    request. Whoever shows no question of the doctor's finds nothing here."""
    question = probe.read_question(request.headers.get(probe.HEADER, ""))
    if question is None:
        raise Http404
    witness = Witness(
        proof=probe.proof_for(question),
        path=request.path_info,
        prefix=request.META.get("SCRIPT_NAME", ""),
        host=request.headers.get("Host", ""),
        secure=request.is_secure(),
        forwarded_proto=request.headers.get("X-Forwarded-Proto", ""),
        forwarded_for=request.headers.get("X-Forwarded-For", ""),
    )
    return StreamingHttpResponse(
        comments(question, witness),
        content_type="text/event-stream",
        headers={"Cache-Control": "no-store"},
    )


async def comments(question: Question, witness: Witness) -> AsyncGenerator[bytes, None]:
    yield probe.comment(witness)
    for number in range(1, probe.COMMENTS):
        await asyncio.sleep(probe.PAUSE)
        yield b": %d\n\n" % number
    if question.silence:
        await asyncio.sleep(question.silence)
        yield b": awake\n\n"
