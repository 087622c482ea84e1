"""Signatures by the rules of Standard Webhooks, and the secrets that they are made with.

A chatbot has one secret, made when it is first needed. A new one (``rotate``) signs beside the old one for a
while, so that a receiver can change over without losing a message.
"""

from __future__ import annotations

import base64
import secrets
from datetime import UTC, datetime, timedelta

from django.utils import timezone
from standardwebhooks import Webhook

from chat.db import transact
from chat.models import Chatbot

SECRET_BYTES = 32
#: How long an old secret signs beside the new one.
OVERLAP = timedelta(days=1)
#: A secret that is replaced so soon came from a second press or a page sent again: nobody has taken it over.
SLIP = timedelta(minutes=1)


def headers(keys: list[str], *, id: str, body: bytes, at: datetime | None = None) -> dict[str, str]:
    """``webhook-id``, the same each time that this message is sent; ``webhook-timestamp``, of this attempt;
    ``webhook-signature``, one for each key."""
    at = at or datetime.now(UTC)
    signatures = [Webhook(key).sign(msg_id=id, timestamp=at, data=body.decode()) for key in keys]
    return {
        "webhook-id": id,
        "webhook-timestamp": str(int(at.timestamp())),
        "webhook-signature": " ".join(signatures),
    }


def keys_of(chatbot: Chatbot) -> list[str]:
    """The secrets that sign now, newest first. Makes the first one."""
    if not chatbot.webhook_secret:
        _make_first(chatbot)
    keys = [chatbot.webhook_secret]
    until = chatbot.webhook_old_secret_until
    if chatbot.webhook_old_secret and until and until > timezone.now():
        keys.append(chatbot.webhook_old_secret)
    return keys


def _make_first(chatbot: Chatbot) -> None:
    made = _new_secret()
    row = Chatbot.objects.filter(pk=chatbot.pk)
    if not row.filter(webhook_secret="").update(webhook_secret=made):
        chatbot.refresh_from_db(fields=["webhook_secret"])  # somebody was first
        if not chatbot.webhook_secret:  # one that no key of the server's opens any more
            row.update(webhook_secret=made)
    chatbot.webhook_secret = chatbot.webhook_secret or made


@transact()
def rotate(chatbot: Chatbot, *, overlap: timedelta = OVERLAP) -> str:
    """A new secret, which is shown now and never again. The old one signs too for as long as ``overlap``.

    Of two within a minute the first is dropped, so that what receivers know goes on signing."""
    chatbot.refresh_from_db(fields=["webhook_secret", "webhook_old_secret", "webhook_old_secret_until"])
    made, now = _new_secret(), timezone.now()
    until = chatbot.webhook_old_secret_until
    slipped = bool(chatbot.webhook_old_secret and until and until > now + OVERLAP - SLIP)
    old = chatbot.webhook_old_secret if slipped else chatbot.webhook_secret
    Chatbot.objects.filter(pk=chatbot.pk).update(
        webhook_secret=made,
        webhook_old_secret=old if overlap else "",
        webhook_old_secret_until=now + overlap,
    )
    return made


def _new_secret() -> str:
    return f"whsec_{base64.b64encode(secrets.token_bytes(SECRET_BYTES)).decode()}"
