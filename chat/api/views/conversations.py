"""Conversations: begun in a web chat, listed, read, and their two switches."""

from __future__ import annotations

from typing import Any, ClassVar
from uuid import UUID

from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from chat.api import query
from chat.api.pagination import Keyset, keyset
from chat.api.references import known
from chat.api.schema import example, parameter
from chat.api.serializers.conversations import (
    AutoReplyInput,
    ConversationInput,
    ConversationSerializer,
    GroupMentionInput,
)
from chat.api.strangers import count_beginning, reader_of
from chat.api.views.base import ApiView
from chat.models import Conversation
from chat.principals import Principal
from chat.selectors.conversations import rest_conversation_for, rest_conversations
from chat.selectors.inboxes import unread_in
from chat.selectors.searching import mentioning, searching, words_of
from chat.services import conversations
from chat.services.web_chats import begin_conversation
from chat.shapes import Shape, rest_conversation

RECENT = ("last_message_created_at", "pk")
#: What a keyword is looked for in, besides messages.
NAMED = ("title", "contact__name")
KEYWORD = parameter(
    "keyword", "Only those in whose title, contact's name and messages each of these words stands."
)

EXAMPLE: dict[str, Any] = {
    "id": "8e44604a-8278-4c96-96b5-3e5a0548d738",
    "contact": {
        "id": "5b0f3a7e-1f5d-4f0e-9d55-3f9a1f3c2e04",
        "name": "anonymous",
        "avatar": "",
        "sourceId": "",
        "createdAt": "1748314926000",
    },
    "inbox": {
        "id": "7d5b4b5e-7f0a-4a3e-9c39-1b1f0d3f2a10",
        "name": "Shop",
        "channelType": "web",
        "unreadConversationsCount": 2,
        "signAuth": None,
    },
    "title": "Where is my parcel?",
    "lastMessage": {
        "id": "2491074a-6d23-4289-af45-caa12531420e",
        "type": "incoming",
        "content": "Where is my parcel?",
        "contentPayload": None,
        "feedback": None,
        "createdAt": "1748314926000",
        "queryMetadata": None,
        "status": "complete",
        "error": None,
    },
    "lastMessageCreatedAt": "1748314926000",
    "unreadMessagesCount": 0,
    "autoReplyEnabled": True,
    "isAutoReplyNow": True,
    "lastReadAt": "1748314926000",
    "createdAt": "1748314920000",
    "isGroupChat": False,
    "enableGroupMention": False,
    "enableLoadingAnimation": True,
    "queryMetadata": None,
    "toolMask": None,
    "llm": None,
    "ipAddress": None,
    "ipRecordedAt": None,
}
ANSWER = example("A conversation", EXAMPLE)
BEGIN = example("Begin", {"webChat": "c2d3f3a7-3f0e-4b57-9a2b-5f5b8f1c7e02"}, request=True)


def shape_of(principal: Principal, id: UUID, *, personal: bool = True) -> Shape:
    found = rest_conversation_for(principal, id)
    unread = unread_in([found.inbox_id]) if personal else {}
    return rest_conversation(found, unread=unread.get(found.inbox_id, 0), personal=personal)


class ConversationListView(ApiView):
    anonymous: ClassVar = frozenset({"POST"})
    pagination_class = Keyset

    @extend_schema(
        summary="List conversations",
        parameters=[
            parameter("inbox", "Only those of this inbox.", kind="uuid"),
            KEYWORD,
        ],
        responses=ConversationSerializer(many=True),
        examples=[ANSWER],
    )
    def get(self, request: Request) -> Response:
        """Those that programs and visitors began, the most recent first."""
        words = words_of(self.query("keyword"))
        with searching(words):
            page = keyset(request, self.rows(words), lambda row: row, RECENT)  # type: ignore[arg-type, return-value]
        rows: list[Any] = page["results"]
        unread = unread_in(row.inbox_id for row in rows)
        page["results"] = [rest_conversation(row, unread=unread.get(row.inbox_id, 0)) for row in rows]
        return Response(page)

    def rows(self, words: list[str]) -> QuerySet[Conversation]:
        rows = mentioning(rest_conversations(self.principal), words, *NAMED)
        if inbox := query.uuid(self.request, "inbox"):
            rows = rows.filter(inbox=inbox)
        return rows

    @extend_schema(
        summary="Begin a conversation",
        request=ConversationInput,
        responses={201: ConversationSerializer},
        examples=[BEGIN, ANSWER],
    )
    def post(self, request: Request) -> Response:
        """In a web chat, which says who answers. Without a key only where strangers may write."""
        body = self.body(ConversationInput)
        address = None if self.caller else count_beginning(request)
        with known("contact" if self.caller and body["contact"] else "web_chat"):
            made = begin_conversation(
                principal=self.caller,
                web_chat=body["web_chat"],
                contact=body["contact"],
                ip_address=address,
            )
        by = reader_of(self.caller, made.pk)
        return Response(shape_of(by, made.pk, personal=self.caller is not None), 201)


class ConversationView(ApiView):
    anonymous: ClassVar = frozenset({"GET"})

    @extend_schema(summary="Get a conversation", responses=ConversationSerializer, examples=[ANSWER])
    def get(self, request: Request, id: UUID) -> Response:
        """Without a key only one that a stranger began: its id is the right to it."""
        reader = reader_of(self.caller, id)
        return Response(shape_of(reader, id, personal=self.caller is not None))


class AutoReplyView(ApiView):
    @extend_schema(
        summary="Switch automatic replies",
        request=AutoReplyInput,
        responses=ConversationSerializer,
        examples=[example("Off", {"autoReplyEnabled": False}, request=True), ANSWER],
    )
    def patch(self, request: Request, id: UUID) -> Response:
        """Whether messages are answered by the chatbot."""
        enabled = self.body(AutoReplyInput).get("auto_reply_enabled")
        conversations.set_auto_reply(principal=self.principal, conversation=id, enabled=enabled)
        return Response(shape_of(self.principal, id))


class GroupMentionView(ApiView):
    @extend_schema(
        summary="Switch answers to mentions in groups",
        request=GroupMentionInput,
        responses=ConversationSerializer,
        examples=[example("On", {"enableGroupMention": True}, request=True), ANSWER],
    )
    def patch(self, request: Request, id: UUID) -> Response:
        """Kept for the channels that have groups."""
        enabled = self.body(GroupMentionInput).get("enable_group_mention")
        conversations.set_group_mention(principal=self.principal, conversation=id, enabled=enabled)
        return Response(shape_of(self.principal, id))
