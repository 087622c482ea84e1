"""Web chats: how the chat on a site looks, and in which inbox its conversations are."""

from __future__ import annotations

from uuid import UUID

from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from chat.api.schema import example
from chat.api.serializers.web_chats import WebChatListItemSerializer, WebChatSerializer
from chat.api.views.base import ApiView
from chat.api.views.examples import WEB_CHAT
from chat.selectors.web_chats import web_chat_to_show, web_chats_of
from chat.shapes.web_chats import web_chat_row, web_chat_shape


class WebChatListView(ApiView):
    @extend_schema(
        summary="List web chats",
        responses=WebChatListItemSerializer(many=True),
        examples=[example("A web chat", {name: WEB_CHAT[name] for name in ("id", "avatar", "name")})],
    )
    def get(self, request: Request) -> Response:
        """All of the organization's, not in pages."""
        return Response([web_chat_row(one) for one in web_chats_of(self.principal)])


class WebChatView(ApiView):
    anonymous = frozenset({"GET"})

    @extend_schema(
        summary="One web chat", responses=WebChatSerializer, examples=[example("A web chat", WEB_CHAT)]
    )
    def get(self, request: Request, id: UUID) -> Response:
        """Strangers see one that is active and that visitors may use."""
        return Response(web_chat_shape(web_chat_to_show(self.caller, id)))
