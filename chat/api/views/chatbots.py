"""Chatbots: what answers."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from uuid import UUID

from django.db.models import Q, QuerySet
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from chat import selectors
from chat.api import query
from chat.api.pagination import Numbered, numbered
from chat.api.schema import example, parameter
from chat.api.serializers.chatbots import (
    REPLY_MODES,
    ChatbotInputSerializer,
    ChatbotListItemSerializer,
    ChatbotSerializer,
)
from chat.api.views.base import ApiView
from chat.api.views.examples import CHATBOT, CHATBOT_INPUT, CHATBOT_ROW
from chat.models import Chatbot
from chat.selectors.chatbots import SERVERS_OWN, open_chatbot
from chat.services import chatbots
from chat.services.web_chats import api_web_chat
from chat.services.webhooks import AddressRefused
from chat.shapes.chatbots import chatbot_row, chatbot_shape, public_chatbot


@contextmanager
def refusals_of_fields() -> Iterator[None]:
    try:
        with query.named_in_body("large_language_model"):
            yield
    except AddressRefused as error:
        raise query.refused("webhook_url", str(error.message)) from None


class _Changing(ApiView):
    @property
    def scope(self) -> str:  # type: ignore[override]  # by the method
        return "read" if self.request.method in ("GET", "HEAD") else "admin"

    def given(self, *, partial: bool) -> dict[str, Any]:
        return self.body(ChatbotInputSerializer, partial=partial)

    def whole(self, chatbot: Chatbot) -> dict[str, Any]:
        return chatbot_shape(chatbot, api_web_chat(chatbot))


class ChatbotListView(_Changing):
    pagination_class = Numbered

    @extend_schema(
        summary="List chatbots",
        parameters=[
            parameter("query", "Only chatbots whose name contains this."),
            parameter("replyMode", "Only chatbots that reply in this way.", enum=REPLY_MODES),
            parameter("largeLanguageModel", "Only chatbots with this language model.", kind="uuid"),
        ],
        responses=ChatbotListItemSerializer(many=True),
        examples=[example("A chatbot", CHATBOT_ROW)],
    )
    def get(self, request: Request) -> Response:
        """The organization's chatbots, oldest first."""
        return Response(numbered(request, self.rows(), chatbot_row))

    @extend_schema(
        summary="Make a chatbot",
        request=ChatbotInputSerializer,
        responses={201: ChatbotSerializer},
        examples=[example("A new chatbot", CHATBOT_INPUT, request=True), example("A chatbot", CHATBOT)],
    )
    def post(self, request: Request) -> Response:
        """Only the name is needed: without a language model it is the server's own that answers."""
        given = self.given(partial=False)
        with refusals_of_fields():
            made = chatbots.create_chatbot(principal=self.principal, **given)
        return Response(self.whole(made), 201)

    def rows(self) -> QuerySet[Chatbot]:
        rows = selectors.chatbots_of(self.principal)
        if words := self.query("query"):
            rows = rows.filter(name__icontains=words)
        if mode := self.query("reply_mode"):
            chosen = Q(options__replyMode=mode)
            unset = Q(options__replyMode__isnull=True)
            rows = rows.filter(chosen | unset if mode == "normal" else chosen)
        if model := query.uuid(self.request, "large_language_model"):
            rows = rows.filter(language_model=None if model == SERVERS_OWN else model)
        return rows


class ChatbotView(_Changing):
    anonymous = frozenset({"GET"})

    @extend_schema(
        summary="One chatbot", responses=ChatbotSerializer, examples=[example("A chatbot", CHATBOT)]
    )
    def get(self, request: Request, id: UUID) -> Response:
        """Strangers see its id, name and avatar, if it answers in a web chat that is open to them."""
        if self.caller is None:
            return Response(public_chatbot(open_chatbot(id)))
        return Response(self.whole(selectors.chatbot_for(self.caller, id)))

    @extend_schema(
        operation_id="chatbots_partial_update",
        summary="Change a chatbot",
        request=ChatbotInputSerializer,
        responses=ChatbotSerializer,
        examples=[
            example("New instructions", {"instructions": "Answer briefly, with the source."}, request=True),
            example("A chatbot", CHATBOT),
        ],
    )
    def patch(self, request: Request, id: UUID) -> Response:
        """What is not sent stays as it is."""
        given = self.given(partial=True)
        selectors.chatbot_for(self.principal, id)
        with refusals_of_fields():
            changed = chatbots.change_chatbot(principal=self.principal, id=id, **given)
        return Response(self.whole(changed))

    @extend_schema(
        summary="Change a chatbot, as PATCH does",
        request=ChatbotInputSerializer,
        responses=ChatbotSerializer,
        examples=[
            example("The whole chatbot", CHATBOT_INPUT, request=True),
            example("A chatbot", CHATBOT),
        ],
    )
    def put(self, request: Request, id: UUID) -> Response:
        """What is not sent stays as it is: known clients send a part of it."""
        return self.patch(request, id)

    @extend_schema(summary="Take a chatbot away", responses={204: None})
    def delete(self, request: Request, id: UUID) -> Response:
        """Nobody reaches it any more. Its conversations stay in the admin."""
        chatbots.remove_chatbot(principal=self.principal, id=id)
        return Response(status=204)
