"""Renaming, reading and deleting conversations, and what a reader thinks of a reply."""

from __future__ import annotations

from uuid import UUID

from django.db import IntegrityError
from django.db.models import Case, Value, When
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from chat.db import transact
from chat.exceptions import BadRequest
from chat.hints import hint_row
from chat.models import Conversation, Feedback, FeedbackType, Message, MessageType
from chat.principals import Principal
from chat.selectors import conversation_for, message_for, open_replies_of


@transact()
def rename_conversation(*, principal: Principal, conversation: UUID, title: str) -> Conversation:
    found = conversation_for(principal, conversation)
    title = " ".join(title.replace("\x00", "").split())
    if not title:
        raise BadRequest(_("Give the conversation a name."))
    if len(title) > 255:
        raise BadRequest(_("This name is too long: 255 characters at most."))
    Conversation.objects.filter(pk=found.pk).update(title=title)
    found.title = title
    hint_row(found)
    return found


def delete_conversation(*, principal: Principal, conversation: UUID) -> list[UUID]:
    """Delete it with everything in it. Returns the replies that were open, to be stopped."""
    try:
        return _delete(principal, conversation)
    except IntegrityError:
        return _delete(principal, conversation)  # a message came in between: it goes too


@transact()
def _delete(principal: Principal, conversation: UUID) -> list[UUID]:
    found = conversation_for(principal, conversation)
    replies = [reply.pk for reply in open_replies_of(found)]
    hint_row(found, "deleted")
    found.delete()
    return replies


def mark_read(*, principal: Principal, conversation: UUID) -> None:
    found = conversation_for(principal, conversation)
    if found.unread_messages_count:
        Conversation.objects.filter(pk=found.pk).update(unread_messages_count=0, last_read_at=Now())
        hint_row(found)


def set_auto_reply(*, principal: Principal, conversation: UUID, enabled: bool | None) -> None:
    """Whether messages are answered by the chatbot; None turns the switch."""
    _switch(principal, conversation, "auto_reply_enabled", enabled)


def set_group_mention(*, principal: Principal, conversation: UUID, enabled: bool | None) -> None:
    """Whether in a group only messages that mention the chatbot are answered; None turns the switch."""
    _switch(principal, conversation, "enable_group_mention", enabled)


@transact()
def _switch(principal: Principal, conversation: UUID, name: str, on: bool | None) -> None:
    found = conversation_for(principal, conversation)
    value = Case(When(**{name: True}, then=Value(False)), default=Value(True)) if on is None else on
    Conversation.objects.filter(pk=found.pk).update(**{name: value})
    hint_row(found)


def give_feedback(
    *, principal: Principal, message: UUID, type: str | None, suggestion: str = ""
) -> Feedback | None:
    """Like or dislike an outgoing message, with a reason; None takes it back."""
    found: Message = message_for(principal, message)
    if found.type != MessageType.OUTGOING:
        raise BadRequest(_("Only a reply can be rated."))
    if not type:
        Feedback.objects.filter(message=found).delete()
        return None
    if type not in FeedbackType.values:
        raise BadRequest(_("Feedback is “like” or “dislike”."))
    feedback, _created = Feedback.objects.update_or_create(
        message=found,
        defaults={
            "type": type,
            "suggestion": suggestion.replace("\x00", "")[:4000],
            "created_by": principal.label,
        },
    )
    return feedback
