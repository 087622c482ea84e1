"""E-mail goes out in the background: it is queued with what causes it, and tried again while the mail server
does not take it.

``QueuedBackend`` is Django's way of sending, so whoever sends e-mail (this product, django-allauth) goes this
way. What is queued is encrypted, because links that let somebody in are in it.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Sequence
from email.utils import make_msgid
from smtplib import SMTPRecipientsRefused
from typing import Any

from django.conf import settings
from django.core.mail import EmailMessage, EmailMultiAlternatives, get_connection
from django.core.mail.backends.base import BaseEmailBackend
from django.core.mail.utils import DNS_NAME

from chat.jobs.errors import GiveUp
from chat.jobs.queue import enqueue
from chat.models.fields import decrypt, encrypt

FIELDS = ("subject", "body", "from_email", "to", "cc", "bcc", "reply_to")


class QueuedBackend(BaseEmailBackend):
    def send_messages(self, email_messages: Sequence[EmailMessage]) -> int:
        for message in email_messages:
            enqueue("mail", {"sealed": encrypt(json.dumps(_packed(message)))})
        return len(email_messages)


async def deliver(*, sealed: str) -> None:
    await asyncio.to_thread(_send, sealed)


def _send(sealed: str) -> None:
    opened = decrypt(sealed)
    if not opened:
        raise GiveUp("This e-mail cannot be read any more: SECRET_KEY has changed since it was queued.")
    try:
        _unpacked(json.loads(opened)).send()
    except SMTPRecipientsRefused as error:
        if all(code >= 500 for code, _ in error.recipients.values()):
            raise GiveUp("The mail server does not know the recipient.") from error
        raise


def _packed(message: EmailMessage) -> dict[str, Any]:
    """As JSON. Its id is made here, so that one which is sent twice is seen as the same."""
    if message.attachments:
        raise ValueError("E-mail with attachments cannot be queued.")
    return {
        **{field: getattr(message, field) for field in FIELDS},
        "subject": str(message.subject),
        "body": str(message.body),
        "headers": {"Message-ID": make_msgid(domain=str(DNS_NAME)), **message.extra_headers},
        "alternatives": [[str(one[0]), one[1]] for one in getattr(message, "alternatives", ())],
    }


def _unpacked(packed: dict[str, Any]) -> EmailMultiAlternatives:
    return EmailMultiAlternatives(**packed, connection=get_connection(settings.EMAIL_DELIVERY_BACKEND))
