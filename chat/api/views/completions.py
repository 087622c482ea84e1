"""Asking a chatbot and waiting for its answer."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable
from functools import partial
from typing import Any
from uuid import UUID

from django.http.response import HttpResponseBase
from django.utils.translation import gettext_lazy as _
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, OpenApiResponse, extend_schema
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request

from chat.answers.later import Later
from chat.answers.reading import Reading, Wish, begin_reading, continue_reading
from chat.answers.stream import EventStream
from chat.api import completions
from chat.api.errors import translated
from chat.api.schema import KEY_REUSED, example, idempotency_key, parameter
from chat.api.serializers.completions import CompletionRequestSerializer, CompletionSerializer
from chat.api.views.base import ApiView
from chat.exceptions import BadRequest, NotFound
from chat.principals import Principal
from chat.selectors import chatbot_for
from chat.services.completions import Question, is_contact, post_question
from chat.services.contents import Details
from chat.services.repeats import key_in

#: The id of an event: the reply's, and how many characters had been sent. In an Idempotency-Key's company the
#: number is enough.
_PLACE = re.compile(r"(?:([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}):)?(\d{1,9})", re.ASCII)
#: ``?resume=`` of these: numbered, from the beginning.
_ON = {"", "true", "yes", "on"}

Begin = Callable[[], Awaitable[Reading]]

CONVERSATION = "5f1f5c0e-0f3a-4a59-9f50-6a6c1f7d2b11"
ASKED: dict[str, Any] = {
    "conversation": None,
    "message": {"content": "What are your opening hours?", "attachments": []},
    "isStreaming": False,
}
ANSWERED: dict[str, Any] = {
    "conversationId": CONVERSATION,
    "conversation_id": CONVERSATION,
    "messageId": "0c4b8a3c-2f6c-4c39-8d1f-6f9d8b9c4d02",
    "content": "We are open from 9 to 18.",
    "done": True,
    "citations": [],
    "citationNodes": [],
}


class CompletionView(ApiView):
    @extend_schema(
        summary="Ask a chatbot",
        request=CompletionRequestSerializer,
        parameters=[
            idempotency_key("A repeat with the same key gets the same reply, also while it runs."),
            OpenApiParameter(
                "Last-Event-ID",
                str,
                OpenApiParameter.HEADER,
                description="The `id` of the last event that came: the stream goes on after it.",
            ),
            parameter("resume", "As Last-Event-ID; `0` asks for events with ids, from the beginning."),
        ],
        responses={
            (200, "application/json"): CompletionSerializer,
            (200, "text/event-stream"): OpenApiResponse(
                OpenApiTypes.ANY, description="With `isStreaming`: each event is an object as above."
            ),
            422: KEY_REUSED,
            502: OpenApiResponse(description="The model failed."),
            504: OpenApiResponse(description="The model took too long."),
        },
        examples=[
            example("A question", ASKED, request=True),
            example("An answer", ANSWERED),
        ],
    )
    def post(self, request: Request, id: UUID) -> HttpResponseBase:
        """Answers when the reply is complete or, with `isStreaming`, piece by piece as server-sent events:
        each is `data: ` with one line of JSON, whose `content` is what is new. The last has `done: true`, the
        citations, `messageId` and, if the reply failed, `error`. A client that leaves stops nothing, unless
        it said `onDisconnect: stop`."""
        chatbot = chatbot_for(self.principal, id)
        given = self.body(CompletionRequestSerializer)
        key = key_in(request.headers)
        numbered, reply, sent = self.resumed(bool(key))
        stops = given["on_disconnect"] == "stop"
        wish = Wish(stops=stops, comes_back=bool(key) or numbered)
        if reply is None:
            question = self.question(chatbot.pk, given)
            post = partial(post_question, self.principal, question, idempotency_key=key)
            begin: Begin = partial(begin_reading, self.principal, post, wish, sent=sent)
        else:
            begin = partial(_go_on, self.principal, chatbot.pk, reply, wish, sent)
        streams = given["is_streaming"] or numbered
        return Later(partial(translated, partial(_answer, begin, streams, numbered)))

    def question(self, chatbot: UUID, given: dict[str, Any]) -> Question:
        message = given["message"]
        sender = message.get("sender")
        if sender and not is_contact(self.principal, sender):
            raise ValidationError({"message": {"sender": [_("There is no such contact.")]}})
        return Question(
            chatbot=chatbot,
            conversation=given.get("conversation"),
            content=message["content"],
            attachments=message.get("attachments") or (),
            query_metadata=message.get("query_metadata"),
            details=Details(
                content_payload=message.get("content_payload"),
                metadata=message.get("metadata"),
                sender=sender,
            ),
        )

    def resumed(self, has_key: bool) -> tuple[bool, UUID | None, int]:
        """Whether events have ids; the reply that is read further, if it is named; and how many of its
        characters the client has."""
        header = self.request.headers.get("Last-Event-ID")
        if header is None and "resume" not in self.request.query_params:
            return False, None, 0
        place = (header if header is not None else self.query("resume")).strip().lower()
        if place in _ON:
            return True, None, 0
        found = _PLACE.fullmatch(place)
        if found is None:
            raise BadRequest(_("Last-Event-ID or resume is not the id of an event of such a stream."))
        reply, sent = found[1], int(found[2])
        if reply is None and sent > 1 and not has_key:
            raise BadRequest(_("Send the whole id of the last event, or the Idempotency-Key too."))
        return True, UUID(reply) if reply else None, sent


async def _go_on(principal: Principal, chatbot: UUID, reply: UUID, wish: Wish, sent: int) -> Reading:
    reading = await continue_reading(principal, reply, wish, sent=sent)
    if reading.reply.conversation.chatbot_id != chatbot:
        raise NotFound
    return reading


async def _answer(begin: Begin, streams: bool, numbered: bool) -> HttpResponseBase:
    reading = await begin()
    if streams:
        return EventStream(completions.events(reading, numbered=numbered))
    return completions.whole(await reading.whole())
