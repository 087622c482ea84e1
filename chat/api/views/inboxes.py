"""Inboxes: where conversations come in, each with its channel."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from chat import selectors
from chat.api import query
from chat.api.casing import snake
from chat.api.pagination import Numbered, numbered
from chat.api.schema import example, parameter
from chat.api.serializers.inboxes import InboxSerializer
from chat.api.views.base import ApiView
from chat.models import ChannelType, Inbox
from chat.shapes import inbox_shape

ORDERS = ("createdAt", "-createdAt", "name", "-name")

EXAMPLE: dict[str, Any] = {
    "id": "7d5b4b5e-7f0a-4a3e-9c39-1b1f0d3f2a10",
    "name": "Shop",
    "chatbot": "1b0c9a0e-6a64-4d1c-8f57-0a3d5a7f4f01",
    "channelType": "web",
    "channelTypeLabel": "Web",
    "channel": {
        "id": "c2d3f3a7-3f0e-4b57-9a2b-5f5b8f1c7e02",
        "name": "Shop",
        "channelType": "web",
        "unreadConversationsCount": 2,
    },
    "autoReplySchedules": [],
    "unreadConversationsCount": 2,
    "organization": "0f6a4a4e-0d0c-4c93-b7a5-6b1d7b6f5c03",
    "createdAt": "1748314926000",
    "updatedAt": "1748314926000",
}


class InboxListView(ApiView):
    pagination_class = Numbered

    @extend_schema(
        summary="List inboxes",
        parameters=[
            parameter("channelType", "Only inboxes of this kind.", enum=ChannelType.values),
            parameter("chatbot", "Only inboxes in which this chatbot answers.", kind="uuid"),
            parameter("ordering", "In which order; else the oldest first.", enum=ORDERS),
        ],
        responses=InboxSerializer(many=True),
        examples=[example("An inbox", EXAMPLE)],
    )
    def get(self, request: Request) -> Response:
        """The `id` of a `channel` is the web chat in which `POST conversations/` begins one."""
        return Response(numbered(request, self.rows(), inbox_shape))

    def rows(self) -> QuerySet[Inbox]:
        rows = selectors.inboxes_of(self.principal)
        if kind := self.query("channel_type"):
            rows = rows.filter(channel_type=kind)
        if chatbot := query.uuid(self.request, "chatbot"):
            rows = rows.filter(web_chat__chatbot=chatbot)
        ordering = self.query("ordering")
        return rows.order_by(snake(ordering), "pk") if ordering in ORDERS else rows
