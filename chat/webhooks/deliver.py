"""Sending one message to its chatbot's webhook: what the job does.

    begin (one hop: read, make the body, record that it is tried) -> POST -> end (one hop: what came of it)

It is sent at least once: of a worker that is killed after the POST it is sent again, under the same
``webhook-id``, and both attempts stand in the records.
"""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from django.db.models.functions import Now

from chat.db import in_database, transact
from chat.jobs.errors import GiveUp, TryAgain
from chat.metrics import WEBHOOKS
from chat.models import Chatbot, Message, WebhookRecord
from chat.selectors.attachments import in_order
from chat.webhooks import sign
from chat.webhooks.call import GONE, Answer, post
from chat.webhooks.outbox import hears_of
from chat.webhooks.payload import encoded, kept, payload


@dataclass(frozen=True, slots=True)
class Call:
    record: UUID
    chatbot: UUID
    id: str
    url: str
    body: bytes
    keys: list[str]


async def deliver(chatbot: str, message: str) -> None:
    """The handler of the kind ``webhook``. By ``chatbot`` the worker shares its places."""
    call = await in_database(begin, UUID(message))
    if call is None:
        return
    answer = await post(call.url, headers=sign.headers(call.keys, id=call.id, body=call.body), body=call.body)
    await in_database(end, call, answer)
    if answer.ok:
        WEBHOOKS.labels("delivered").inc()
        return
    WEBHOOKS.labels("failed").inc()
    reason = f"{answer.status or answer.error}"
    if answer.status == GONE:
        raise GiveUp(f"{reason}: the webhook has been switched off.")
    raise TryAgain(reason, seconds=answer.retry_after)


@transact()
def begin(message: UUID) -> Call | None:
    """Nothing to be sent any more: the message was deleted, or its chatbot's webhook switched off."""
    found = _message(message)
    if found is None or not hears_of(found.conversation.chatbot, found.conversation):
        return None
    chatbot, body = found.conversation.chatbot, encoded(payload(found))
    record = WebhookRecord.objects.create(
        chatbot=chatbot,
        message=found,
        url=chatbot.webhook_url or "",
        attempt=WebhookRecord.objects.filter(message=found).count() + 1,
        request_body=kept(body),
        error="no_end",
    )
    return Call(record.pk, chatbot.pk, str(found.pk), record.url, body, sign.keys_of(chatbot))


def _message(id: UUID) -> Message | None:
    related = ("sender_user", "sender_contact", "feedback", "reply", "conversation__chatbot")
    return Message.objects.filter(pk=id).select_related(*related).prefetch_related(in_order()).first()


@transact()
def end(call: Call, answer: Answer) -> None:
    """Record what came of it. A receiver that is gone for good is not asked again, unless its address was
    changed meanwhile."""
    WebhookRecord.objects.filter(pk=call.record).update(
        status_code=answer.status,
        response=answer.text,
        error=answer.error,
        milliseconds=answer.milliseconds,
    )
    if answer.status == GONE:
        Chatbot.objects.filter(pk=call.chatbot, webhook_url=call.url, webhook_gone_at=None).update(
            webhook_gone_at=Now()
        )
