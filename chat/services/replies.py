"""Asking a reply to stop, and asking for another attempt."""

from __future__ import annotations

from uuid import UUID

from django.db import IntegrityError, transaction
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from chat.db import transact
from chat.exceptions import BadRequest, ChatbotOff
from chat.hints import conversation_group, hint, hint_row, wake
from chat.metrics import count_end
from chat.models import Conversation, Message, MessageType, Reply, ReplyState
from chat.principals import Principal
from chat.replies.attempts import create_reply
from chat.selectors import OPEN, message_for, reply_for
from chat.services.daily_limits import count_message
from chat.webhooks.outbox import announce


@transact()
def request_stop(*, principal: Principal, reply: UUID) -> Reply:
    """Ask a reply to end. A queued one ends at once, a running one when its upstream is closed; one that has
    already ended is left alone."""
    found = reply_for(principal, reply)
    _stop(found, principal.label)
    return found


@transact()
def stop_replies_of_visitors(inbox: UUID, *, by: str) -> int:
    """Ask all that visitors wait for in an inbox to end; returns how many there were."""
    waiting = Reply.objects.filter(
        conversation__inbox=inbox, state__in=OPEN, asked_by__contains="visitor:"
    ).select_related("conversation")
    found = list(waiting)
    for reply in found:
        _stop(reply, by)
    return len(found)


def _stop(found: Reply, by: str) -> None:
    mark = {"stop_requested_at": Now(), "stop_requested_by": by}
    asked = Reply.objects.filter(pk=found.pk, state=ReplyState.QUEUED).update(
        state=ReplyState.STOPPED, ended_at=Now(), **mark
    )
    if asked:
        transaction.on_commit(lambda: count_end(ReplyState.STOPPED))
        announce(found.conversation, found.outgoing_id)
        hint_row(found.conversation)
    else:
        Reply.objects.filter(pk=found.pk, state=ReplyState.RUNNING, stop_requested_at=None).update(**mark)
    transaction.on_commit(lambda: wake("stop", found.pk))


def retry(
    *, principal: Principal, message: UUID, process: UUID | None = None, instead_of: UUID | None = None
) -> Reply:
    """A new attempt to answer the same incoming message; the earlier one is superseded.

    While an attempt is open it is the answer: pressing twice makes one new attempt. If it is to be made
    ``instead_of`` a reply, a later one is the answer even when it has ended. Raises ``DailyLimit`` and
    ``ChatbotOff`` as a message does.
    """
    incoming = message_for(principal, message)
    if incoming.type != MessageType.INCOMING:
        raise BadRequest(_("Only a question can be answered again."))
    try:
        return _new_attempt(principal, incoming, process, instead_of)
    except IntegrityError:
        return _new_attempt(principal, incoming, process, instead_of)  # the other press made it


@transact()
def _new_attempt(
    principal: Principal, incoming: Message, process: UUID | None, instead_of: UUID | None
) -> Reply:
    newest = Reply.objects.filter(incoming=incoming).select_related("outgoing").order_by("-attempt").first()
    if newest is None:
        raise BadRequest(_("This message has not been answered."))
    if newest.state in OPEN or (instead_of and newest.pk != instead_of):
        return newest
    if not incoming.conversation.chatbot.is_active:
        raise ChatbotOff
    Message.objects.filter(pk=newest.outgoing_id).update(superseded=True)
    Conversation.objects.filter(pk=incoming.conversation_id, last_message=newest.outgoing_id).update(
        last_message=incoming
    )
    reply = create_reply(
        incoming,
        position=newest.outgoing.position,
        attempt=newest.attempt + 1,
        asked_by=principal.label,
        process=process,
    )
    group = conversation_group(incoming.conversation_id)
    hint(group, what="message", id=incoming.pk, conversation=incoming.conversation_id)
    hint_row(incoming.conversation)
    count_message(principal, incoming.conversation)  # it costs as much as a message
    return reply
