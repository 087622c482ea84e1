"""Queries that are compiled once ask the same as Django's own."""

from __future__ import annotations

from datetime import UTC, datetime
from uuid import UUID, uuid4

import pytest
from django.test import TestCase
from django.utils import timezone

from chat.models import Conversation, Message
from chat.prepared import Prepared, PreparedUpdate
from tests import people


def upto(conversation: UUID, position: int, content: str) -> object:
    return Message.objects.filter(conversation=conversation, position__lte=position).exclude(content=content)


class PreparedTests(TestCase):
    def setUp(self) -> None:
        alice = people.alice()
        self.conversation = Conversation.objects.create(
            organization=alice.memberships.get().organization, chatbot=people.chatbot_of(alice), owner=alice
        )
        for position in range(1, 6):
            Message.objects.create(
                conversation=self.conversation, position=position, type="incoming", content=f"text {position}"
            )

    def test_rows_are_those_that_the_values_ask_for_each_time(self) -> None:
        asked = Prepared(upto, conversation=UUID, position=int, content=str)  # type: ignore[arg-type]
        for values in ((self.conversation.pk, 3, "text 2"), (self.conversation.pk, 5, ""), (uuid4(), 5, "")):
            names = dict(zip(("conversation", "position", "content"), values, strict=True))
            self.assertCountEqual(asked(**names), upto(*values))  # type: ignore[arg-type, call-overload]

    def test_an_update_writes_text_numbers_moments_and_json(self) -> None:
        change = PreparedUpdate(
            lambda id, **_: Message.objects.filter(pk=id),
            lambda id, **values: values,
            id=UUID,
            content=str,
            citations=dict,
            query_metadata=dict,
            created_at=datetime,
        )
        message = self.conversation.messages.get(position=2)
        moment = datetime(2026, 2, 3, 4, 5, 6, 789000, tzinfo=UTC)
        for content, citations, metadata in (
            ('100 % it\'s "new"', [{"a": [1, None]}], {"b": "字"}),
            ("", [], None),
        ):
            changed = change(
                id=message.pk,
                content=content,
                citations=citations,
                query_metadata=metadata,
                created_at=moment,
            )
            message.refresh_from_db()
            self.assertEqual(changed, 1)
            self.assertEqual((message.content, message.citations), (content, citations))
            self.assertEqual((message.query_metadata, message.created_at), (metadata, moment))
        gone = change(id=uuid4(), content="", citations=[], query_metadata=None, created_at=timezone.now())
        self.assertEqual(gone, 0)

    def test_a_parameter_that_the_query_does_not_have_is_an_error(self) -> None:
        asked = Prepared(lambda id, other: Message.objects.filter(pk=id), id=UUID, other=UUID)
        with pytest.raises(ValueError, match="other"):
            asked(id=uuid4(), other=uuid4())
