"""What the owner of a webhook can do: give an address, make a secret, switch it on again, send again."""

from __future__ import annotations

from datetime import timedelta

from django.db.models import Q
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from chat.db import transact
from chat.exceptions import BadRequest, Conflict
from chat.jobs.queue import enqueue, run_now
from chat.models import Chatbot, Job, Message, WebhookRecord
from chat.turns import Turns
from chat.webhooks import sign
from chat.webhooks.guard import fault_of
from chat.webhooks.outbox import KIND, hears_of, job_of
from chat.webhooks.trial import call_once

#: The tests that are sent at a time: their receivers may think for ten seconds.
trials = Turns(2)

#: Why a call did not reach its receiver, or was not taken: the codes of ``WebhookRecord.error``.
REASONS: dict[str, str | Promise] = {
    "timeout": _("no answer within 10 seconds"),
    "unreachable": _("nobody accepted the connection"),
    "unknown_host": _("the name is not known"),
    "tls": _("no secure connection"),
    "cut": _("the connection ended before the answer"),
    "bad_answer": _("what came is no HTTP"),
    "private_address": _("the address is not on the public internet"),
    "http_refused": _("this server wants https://"),
    "bad_address": _("this cannot be the address of a webhook"),
    "redirect": _("redirects are not followed"),
    "status": _("the receiver did not take it"),
    "no_end": _("it runs, or its server was killed"),
}
_REFUSALS: dict[str, str | Promise] = {
    "bad_address": _(
        "Enter an address such as https://example.com/webhook, without a user name and password."
    ),
    "http_refused": _("Enter an address that begins with https://."),
    "private_address": _("Webhooks go to addresses of the public internet only."),
}


class AddressRefused(BadRequest):
    """It can be no webhook's."""


def check_address(url: str) -> None:
    """Raises ``AddressRefused``. Names are looked up at each call, and not here."""
    if fault := fault_of(url):
        raise AddressRefused(_REFUSALS[fault])


@transact()
def new_secret(chatbot: Chatbot, *, at_once: bool) -> str:
    """A new signing secret, to be shown once. Unless ``at_once``, the old one signs too for a day."""
    return sign.rotate(chatbot, overlap=timedelta() if at_once else sign.OVERLAP)


def switch_on(chatbot: Chatbot) -> bool:
    """Call a receiver again that had said it is gone. False: it was on."""
    with transact():
        off = Chatbot.objects.filter(pk=chatbot.pk).exclude(webhook_gone_at=None)
        return bool(off.update(webhook_gone_at=None))


def send_test(chatbot: Chatbot) -> WebhookRecord:
    """Call the receiver once, now, whether or not it is on; returns when it has answered or not. Raises
    ``StorageBusy`` while others send theirs."""
    if not chatbot.webhook_url:
        raise Conflict(_("The chatbot has no webhook address."))
    with trials.turn(_("Other tests are being sent. Try again in a moment.")):
        return call_once(chatbot)


def send_again(message: Message) -> bool:
    """Send a message once more, under its id, with all its attempts before it. False: it is being sent."""
    conversation = message.conversation
    if not hears_of(conversation.chatbot, conversation):
        raise Conflict(_("The webhook is off. Switch it on first."))
    key = str(message.pk)
    kept = Job.objects.filter(Q(done_at=None) | Q(given_up=True), kind=KIND, dedupe_key=key)
    if last := kept.order_by("-created_at").first():
        return run_now(last.pk)
    enqueue(KIND, job_of(conversation.chatbot_id, message.pk), dedupe_key=key)
    return True
