"""Messages: stored, listed, read and rated. The answer to one that is stored comes by itself, and later."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any, ClassVar
from uuid import UUID

from drf_spectacular.utils import extend_schema
from rest_framework.exceptions import NotAuthenticated, ValidationError
from rest_framework.request import Request
from rest_framework.response import Response

from chat.api import query
from chat.api.pagination import CountedKeyset, keyset, numbered_upto
from chat.api.references import known
from chat.api.schema import KEY_REUSED, example, idempotency_key, parameter
from chat.api.serializers.messages import FeedbackInput, MessageInput, MessageSerializer
from chat.api.strangers import count_files, reader_of
from chat.api.views.base import ApiView
from chat.exceptions import NotFound
from chat.limits import address_of, take_message
from chat.media.errors import FileRefused
from chat.models import Message, MessageType
from chat.principals import Principal
from chat.selectors.conversations import conversation_for
from chat.selectors.messages import (
    IN_ALL,
    IN_ONE,
    all_rest_messages,
    count_rest_messages,
    rest_message_for,
    rest_messages_of,
    skip_rest_messages,
)
from chat.services import attachments
from chat.services.contents import Details
from chat.services.conversations import give_feedback
from chat.services.messages import Posted, post_message
from chat.services.outgoing import post_outgoing
from chat.services.repeats import key_in, once
from chat.services.visitors import allowed_metadata
from chat.shapes import Shape, rest_message

#: Lists of more messages are not counted to their end: the count would cost more than the page.
COUNTED = 10_000

EXAMPLE: dict[str, Any] = {
    "id": "2491074a-6d23-4289-af45-caa12531420e",
    "conversation": "8e44604a-8278-4c96-96b5-3e5a0548d738",
    "sender": {
        "id": 324816370485542537671391323877394598747,
        "name": "anonymous",
        "avatar": "",
        "email": None,
        "phoneNumber": None,
    },
    "type": "incoming",
    "content": "Where is my parcel?",
    "contentPayload": None,
    "feedback": None,
    "createdAt": "1748314926000",
    "attachments": [],
    "citations": [],
    "citationNodes": [],
    "canvas": None,
    "queryMetadata": None,
    "status": "complete",
    "error": None,
}
SENT = {"conversation": EXAMPLE["conversation"], "content": "Where is my parcel?", "attachments": []}
SEND = example("Send", SENT, request=True)
ANSWER = example("A message", EXAMPLE)
LIKE = example("Like", {"type": "like", "suggestion": "Just what I asked."}, request=True)
CONVERSATION = parameter(
    "conversation", "Only the messages of this conversation. Needed without a key.", kind="uuid"
)

REPEAT = idempotency_key("A repeat with the same key stores nothing and answers with the same message.")


def conversation_in(request: Request) -> UUID | None:
    return query.uuid(request, "conversation") or query.uuid(request, "conversation_id")


def shape_for(reader: Principal) -> Callable[[Message], Shape]:
    """A stranger sees less than a key."""
    return partial(rest_message, personal=reader.kind != "visitor", sources=reader.sees_sources)


class Posting(ApiView):
    """What both routes that store a message have in common."""

    def store(self, body: dict[str, Any], principal: Principal) -> Response:
        make = partial(self.posted, body, principal)
        posted = once(principal, key_in(self.request.headers), body, make)
        message = rest_message_for(principal, posted.message.pk)
        return Response(shape_for(principal)(message), 201)

    def posted(self, body: dict[str, Any], principal: Principal, id: UUID, digest: str) -> Posted:
        given = {
            "principal": principal,
            "id": id,
            "conversation": body["conversation"],
            "content": body["content"] or "",
            "query_metadata": self.metadata(body["query_metadata"], principal),
            "details": Details(
                content_payload=body["content_payload"],
                canvas=body["canvas"],
                metadata=body["metadata"],
                request_digest=digest,
            ),
        }
        with known("conversation"):
            conversation = conversation_for(principal, body["conversation"])
        fresh = [one for one in body["attachments"] or [] if not isinstance(one, UUID)]
        if self.caller is None and fresh:
            count_files(self.request, conversation, count=len(fresh))
        given["attachments"] = attachments_in(body, principal)
        with known("attachments"):
            if body["type"] == MessageType.OUTGOING:
                return post_outgoing(**given)
            address = None if self.caller else address_of(self.request.META)
            return post_message(**given, begins=False, address=address)

    def metadata(self, given: dict[str, Any] | None, principal: Principal) -> dict[str, Any] | None:
        """A stranger's may only narrow what the contact may see."""
        return given if self.caller else allowed_metadata(principal, given)


def attachments_in(body: dict[str, Any], principal: Principal) -> list[UUID]:
    try:
        return attachments.resolve(principal=principal, given=body["attachments"] or [])
    except FileRefused as error:
        raise ValidationError({"attachments": [str(error.message)]}) from None


class MessageListView(Posting):
    anonymous: ClassVar = frozenset({"GET", "POST"})
    pagination_class = CountedKeyset

    @extend_schema(
        summary="List messages",
        parameters=[CONVERSATION],
        responses=MessageSerializer(many=True),
        examples=[ANSWER],
    )
    def get(self, request: Request) -> Response:
        """The newest first. Answers appear when they are finished. The count ends at 10,000.

        With a key and without `conversation` those of all conversations, of the most recent one first. With
        `page` instead of `cursor` the first 10,000 have numbered pages; then `next` has a cursor."""
        conversation = conversation_in(request)
        if conversation is None:
            reader = self.principal
            rows = all_rest_messages(reader)
        else:
            reader = reader_of(self.caller, conversation)
            conversation_for(reader, conversation)
            rows = rest_messages_of(reader, conversation)
        keys = IN_ONE if conversation else IN_ALL
        count = count_rest_messages(reader, conversation, upto=COUNTED)
        if {"page", "limit", "offset"} & request.query_params.keys():
            skip = partial(skip_rest_messages, reader, conversation)
            return Response(numbered_upto(COUNTED, request, rows, shape_for(reader), keys, count, skip))
        return Response({"count": count} | keyset(request, rows, shape_for(reader), keys))

    @extend_schema(
        summary="Send a message",
        request=MessageInput,
        parameters=[REPEAT],
        responses={201: MessageSerializer, 422: KEY_REUSED},
        examples=[SEND, ANSWER],
    )
    def post(self, request: Request) -> Response:
        """Store what the contact wrote. The chatbot's answer, if automatic replies are on, is made in the
        background: it comes to the webhook and appears in the list of messages when it is finished.

        Without a key only into a conversation that a stranger began."""
        body = self.body(MessageInput)
        try:
            writer = reader_of(self.caller, body["conversation"])
        except NotFound:
            raise NotAuthenticated from None  # so it is the key that is missing
        if self.caller is None:
            take_message(writer)  # a key writes for many people, and its requests are counted
        return self.store(body, writer)


class OutgoingMessageView(Posting):
    @extend_schema(
        summary="Send a message in the chatbot's place",
        request=MessageInput,
        parameters=[REPEAT],
        responses={201: MessageSerializer, 422: KEY_REUSED},
        examples=[SEND, example("A message", EXAMPLE | {"type": "outgoing"})],
    )
    def post(self, request: Request) -> Response:
        """Store an answer that an agent or a program wrote; `type` is `outgoing` whatever was sent."""
        return self.store(self.body(MessageInput) | {"type": MessageType.OUTGOING}, self.principal)


class MessageView(ApiView):
    anonymous: ClassVar = frozenset({"GET"})

    @extend_schema(
        summary="Get a message", parameters=[CONVERSATION], responses=MessageSerializer, examples=[ANSWER]
    )
    def get(self, request: Request, id: UUID) -> Response:
        """An answer that is not finished is not found. Without a key `conversation` is needed."""
        conversation = conversation_in(request)
        reader = reader_of(self.caller, conversation) if conversation else self.principal
        message = rest_message_for(reader, id)
        if conversation not in (None, message.conversation_id):
            raise NotFound
        return Response(shape_for(reader)(message))


class FeedbackView(ApiView):
    @extend_schema(
        summary="Rate a message",
        request=FeedbackInput,
        responses=MessageSerializer,
        examples=[
            example("Like", {"type": "like", "suggestion": "Just what I asked."}, request=True),
            ANSWER,
        ],
    )
    def put(self, request: Request, id: UUID) -> Response:
        """Say what the reader thought of an answer; `type` null takes it back."""
        body = self.body(FeedbackInput)
        rest_message_for(self.principal, id)
        give_feedback(principal=self.principal, message=id, type=body["type"], suggestion=body["suggestion"])
        return Response(rest_message(rest_message_for(self.principal, id)))
