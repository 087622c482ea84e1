"""A call that somebody asks for to see whether a receiver takes it: signed, guarded and recorded as any.

It is not a job: whoever pressed the button waits for what comes of it, and it is not tried again.
"""

from __future__ import annotations

from uuid import uuid4

from asgiref.sync import async_to_sync

from chat.db import give_back, transact
from chat.metrics import WEBHOOKS
from chat.models import Chatbot, WebhookRecord
from chat.webhooks import sign
from chat.webhooks.call import post
from chat.webhooks.deliver import Call, end
from chat.webhooks.payload import encoded, kept, trial


def call_once(chatbot: Chatbot) -> WebhookRecord:
    """The record of the call, when it is over. Nothing of the database is held while it runs."""
    call = _begin(chatbot)
    headers = sign.headers(call.keys, id=call.id, body=call.body)
    give_back()
    answer = async_to_sync(post)(call.url, headers=headers, body=call.body)
    end(call, answer)
    WEBHOOKS.labels("delivered" if answer.ok else "failed").inc()
    return WebhookRecord.objects.get(pk=call.record)


@transact()
def _begin(chatbot: Chatbot) -> Call:
    id = uuid4()
    body = encoded(trial(chatbot, id))
    record = WebhookRecord.objects.create(
        chatbot=chatbot, url=chatbot.webhook_url or "", request_body=kept(body), error="no_end"
    )
    return Call(record.pk, chatbot.pk, str(id), record.url, body, sign.keys_of(chatbot))
