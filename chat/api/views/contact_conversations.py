"""The conversations of one contact."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from chat.api.pagination import Numbered, numbered
from chat.api.serializers.conversations import ConversationSerializer
from chat.api.views.base import ApiView
from chat.api.views.contacts import OF_INBOXES, inboxes_asked
from chat.api.views.conversations import ANSWER, KEYWORD, NAMED, shape_of
from chat.exceptions import NotFound
from chat.models import Conversation
from chat.selectors.contacts import contact_for, conversations_with
from chat.selectors.inboxes import unread_in
from chat.selectors.searching import mentioning, searching, words_of
from chat.shapes import rest_conversation


class ContactConversationsView(ApiView):
    pagination_class = Numbered

    @extend_schema(
        operation_id="contacts_conversations_list",
        summary="List the conversations of a contact",
        parameters=[
            KEYWORD,
            OF_INBOXES,
        ],
        responses=ConversationSerializer(many=True),
        examples=[ANSWER],
    )
    def get(self, request: Request, id: UUID) -> Response:
        """The most recent first."""
        words = words_of(self.query("keyword"))
        with searching(words):
            page = numbered(request, self.rows(id, words), lambda row: row)  # type: ignore[arg-type, return-value]
        rows: list[Any] = page["results"]
        unread = unread_in(row.inbox_id for row in rows)
        page["results"] = [rest_conversation(row, unread=unread.get(row.inbox_id, 0)) for row in rows]
        return Response(page)

    def rows(self, id: UUID, words: list[str]) -> QuerySet[Conversation]:
        contact = contact_for(self.principal, id)
        rows = mentioning(conversations_with(self.principal, contact), words, *NAMED)
        inboxes = inboxes_asked(self.request)
        return rows.filter(inbox__in=inboxes) if inboxes else rows


class LatestConversationView(ApiView):
    @extend_schema(
        summary="The latest conversation of a contact", responses=ConversationSerializer, examples=[ANSWER]
    )
    def get(self, request: Request, id: UUID) -> Response:
        """The one that was active last; 404 when there is none."""
        latest = conversations_with(self.principal, contact_for(self.principal, id)).first()
        if latest is None:
            raise NotFound
        return Response(shape_of(self.principal, latest.pk))
