"""Messages that somebody writes in the chatbot's place: an agent, or a program that acts for one."""

from __future__ import annotations

from uuid import UUID

from django.db import IntegrityError
from django.db.models import F
from django.utils import timezone

from chat.db import transact
from chat.exceptions import NotAllowed, NotFound
from chat.hints import conversation_group, hint, hint_row
from chat.models import Conversation, Message, MessageType
from chat.principals import Principal
from chat.selectors import conversation_for
from chat.selectors.people import user_of
from chat.services.attachments import attach
from chat.services.contents import PLAIN, Details, Json, check_values, checked
from chat.services.messages import TURN, Posted, first_result
from chat.webhooks.outbox import announce


def post_outgoing(
    *,
    principal: Principal,
    id: UUID,
    conversation: UUID,
    content: str,
    attachments: list[UUID] | None = None,
    query_metadata: Json | None = None,
    details: Details = PLAIN,
) -> Posted:
    """Store an outgoing message of theirs in a conversation that exists; nothing is generated.

    A repeat of ``id`` returns the first result. The conversation rises to the top and has one more unread.
    """
    if principal.kind == "visitor":
        raise NotAllowed
    content = checked(content, attachments, details)
    check_values(query_metadata, details.content_payload, details.canvas, details.metadata)
    message = Message(
        id=id,
        type=MessageType.OUTGOING,
        created_by=principal.label,
        sender_user_id=user_of(principal),
        content=content,
        query_metadata=query_metadata,
        **details.columns,
    )
    for _attempt in range(2):
        if first := first_result(principal, id, details.request_digest):
            return first
        try:
            return _store(principal, message, conversation, attachments or [])
        except IntegrityError:
            continue  # the same id was stored at the same moment: return that one
    raise NotFound


@transact()
def _store(principal: Principal, message: Message, conversation: UUID, attachments: list[UUID]) -> Posted:
    found = conversation_for(principal, conversation)
    raised = Conversation.objects.filter(pk=found.pk).update(
        last_position=F("last_position") + TURN,
        last_message_created_at=timezone.now(),
        unread_messages_count=F("unread_messages_count") + 1,
    )
    if not raised:
        raise NotFound  # deleted a moment ago
    found.refresh_from_db(fields=["last_position"])
    message.conversation, message.position = found, found.last_position
    message.save(force_insert=True)
    Conversation.objects.filter(pk=found.pk).update(last_message=message)
    attached = attach(principal, message, attachments)
    hint(conversation_group(found.pk), what="message", id=message.pk, conversation=found.pk)
    hint_row(found)
    announce(found, message.pk)
    return Posted(message, None, attached, created=True)
