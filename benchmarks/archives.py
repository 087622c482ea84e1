"""Run in the server's environment with two numbers: so many conversations of contacts with so many messages
each, in alice's organization; prints the id of the chatbot that has every fifth of them.

One conversation is made by models, and the database copies its rows: a million messages take a minute.
"""

from __future__ import annotations

import json
import os
import sys
from datetime import UTC, datetime, timedelta
from uuid import UUID

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
django.setup()

from django.db import connection  # noqa: E402
from django.db.models import Model  # noqa: E402

from benchmarks.histories import make_conversation  # noqa: E402
from chat.models import Chatbot, Contact, Conversation, Message, MessageType, Reply  # noqa: E402
from tests import people  # noqa: E402

BEGAN = datetime(2026, 1, 1, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
FIFTH = 5
TIMES = ("created_at", "queued_at", "started_at", "first_token_at", "ended_at")
#: What a copy has of its own conversation instead of the row that it is a copy of.
OWN = {
    "conversation_id": "conversation.id",
    "created_by": "conversation.created_by",
    "asked_by": "conversation.created_by",
    "sender_user_id": "NULL",
    "sender_contact_id": f"CASE original.type WHEN '{MessageType.INCOMING}' THEN conversation.contact_id END",
    **dict.fromkeys(TIMES, "conversation.last_message_created_at"),
}


def make_archive(conversations: int, messages: int) -> Chatbot:
    """The chatbot of every fifth."""
    original = make_conversation(people.alice(), messages)
    chatbot = Chatbot.objects.create(organization=original.organization, name="Every fifth")
    make_conversations(original.chatbot, chatbot, conversations, messages)
    for model in (Message, Reply):
        copy(model, original)
    latest(original)
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("VACUUM ANALYZE")  # as it does by itself a minute later
    return chatbot


def make_conversations(chatbot: Chatbot, fifth: Chatbot, count: int, messages: int) -> None:
    """Each of a contact of its own, without messages."""
    inbox = people.web_chat_of(people.alice()).inbox
    contacts = [Contact(organization=inbox.organization, name=f"Contact {number}") for number in range(count)]
    rows = [
        Conversation(
            organization=inbox.organization,
            chatbot=chatbot if number % FIFTH else fifth,
            inbox=inbox,
            contact=contact,
            created_by=f"contact:{contact.pk}",
            last_position=messages,
            last_message_created_at=BEGAN + number * MINUTE,
        )
        for number, contact in enumerate(contacts)
    ]
    Contact.objects.bulk_create(contacts, batch_size=1000)
    Conversation.objects.bulk_create(rows, batch_size=1000)


def copy(model: type[Model], original: Conversation) -> None:
    """Give every conversation of a contact the rows that the original one has."""
    ids = ("id", "incoming_id", "outgoing_id")
    columns = [str(field.column) for field in model._meta.concrete_fields]
    values = OWN | {name: copied(f"original.{name}") for name in ids}
    names, found = ", ".join(columns), ", ".join(values.get(name, f"original.{name}") for name in columns)
    source = f"{model._meta.db_table} AS original, {Conversation._meta.db_table} AS conversation"
    chosen = "original.conversation_id = %s AND conversation.owner_id IS NULL"
    insert = f"INSERT INTO {model._meta.db_table} ({names}) SELECT {found} FROM {source} WHERE {chosen}"  # noqa: S608
    with connection.cursor() as cursor:
        cursor.execute(insert, [key(original.pk)])


def latest(original: Conversation) -> None:
    """Say of every conversation of a contact which its last message is."""
    conversations, last = f"{Conversation._meta.db_table} AS conversation", copied("%s")
    update = f"UPDATE {conversations} SET last_message_id = {last} WHERE conversation.owner_id IS NULL"  # noqa: S608
    original.refresh_from_db()
    assert original.last_message_id
    with connection.cursor() as cursor:
        cursor.execute(update, [key(original.last_message_id)])


def copied(id: str) -> str:
    """The id of the conversation's copy: its beginning is the row's, so that copies stand apart in an index
    as random ids do, and its end the conversation's."""
    kind = Conversation._meta.pk.db_type(connection)
    own = "substr(CAST(conversation.id AS text), 9)"
    return f"CAST(substr(CAST({id} AS text), 1, 8) || {own} AS {kind})"


def key(id: UUID) -> str:
    """As the database has it."""
    return str(Conversation._meta.pk.get_db_prep_value(id, connection))


def main() -> None:
    print(json.dumps(str(make_archive(*map(int, sys.argv[1:])).pk)))


if __name__ == "__main__":
    main()
