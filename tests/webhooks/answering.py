"""A chatbot with a webhook, and a reply of it that has just come to its end."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

from chat.models import Chatbot, Message, Organization, ProcessLease, Reply, ReplyState
from chat.principals import Principal
from chat.replies import records
from chat.services.messages import post_message

ANSWER = "Section 3 says: “yes”. 好的。"


def listening(organization: Organization, url: str | None, **more: Any) -> Chatbot:
    """The organization's chatbot, with that webhook."""
    chatbot = organization.chatbots.earliest("created_at")
    Chatbot.objects.filter(pk=chatbot.pk).update(webhook_url=url, **more)
    chatbot.refresh_from_db()
    return chatbot


def program(organization: Organization) -> Principal:
    return Principal("key", uuid4(), organization.pk, "Nightly import")


def running(principal: Principal) -> records.Claim:
    """A reply of the organization's first chatbot that runs in some process."""
    process = ProcessLease.objects.create(name="test").pk
    posted = post_message(
        principal=principal,
        id=uuid4(),
        conversation=uuid4(),
        content="May I?",
        process=process,
        start=True,
    )
    assert posted.reply
    return records.claim_of(Reply.objects.select_related("conversation__chatbot").get(pk=posted.reply.pk))


def answered(
    principal: Principal, text: str = ANSWER, state: ReplyState = ReplyState.COMPLETE, **more: Any
) -> Message:
    """The outgoing message of a reply that has ended."""
    claim = running(principal)
    assert records.end(claim, records.Outcome(state, text, seq=1, **more))
    return Message.objects.get(pk=claim.outgoing)
