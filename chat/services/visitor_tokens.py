"""What a visitor's browser holds: tickets, which say that it has the page, and tokens, by which it is known.

A ticket has no row. A token has one from the visitor's first message on; until then it is only signed, so
that a browser that lost the connection during that message comes back as the same visitor.
"""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.core import signing
from django.db.models import F, Q, QuerySet
from django.utils import timezone

from chat.models import Visitor, VisitorToken, WebChat

TICKET_SECONDS = 12 * 3600
#: How long a token lives after it was used last; that of a visitor whose site signs who they are only as long
#: after the last signature.
LIFETIME, VERIFIED_LIFETIME = timedelta(days=30), timedelta(hours=1)
#: A token that is older is replaced when it comes back; the replaced one lives on for so long.
ROTATED_AFTER, GRACE = timedelta(hours=24), timedelta(minutes=60)
#: How exactly it is known when somebody was here last: not each connection is worth a write.
SEEN_EVERY = timedelta(hours=1)

TICKET, TOKEN = "chat.visitors.ticket", "chat.visitors.token"


@dataclass(frozen=True, slots=True)
class Ticket:
    web_chat: UUID
    generation: int


def ticket_for(web_chat: WebChat) -> str:
    return signing.dumps([web_chat.pk.hex, web_chat.generation], salt=TICKET)


def read_ticket(text: str) -> Ticket | None:
    try:
        web_chat, generation = signing.loads(text, salt=TICKET, max_age=TICKET_SECONDS)
        return Ticket(UUID(web_chat), int(generation))
    except (signing.BadSignature, ValueError, TypeError):
        return None


@dataclass(frozen=True, slots=True)
class Newcomer:
    """Who was told a first token. ``verified``: the site had signed who they are."""

    id: UUID
    verified: bool


def first_token(visitor: UUID, *, web_chat: WebChat, site: str, verified: bool = False) -> str:
    """For somebody of whom nothing is stored. Counts as long as a ticket, until ``keep`` stores it."""
    where = [web_chat.pk.hex, web_chat.generation, site]
    return signing.dumps([visitor.hex, verified, *where, secrets.token_urlsafe(32)], salt=TOKEN)


def read_first_token(text: str, *, web_chat: WebChat, site: str) -> Newcomer | None:
    """Who was told this first token, while nothing of them is stored."""
    try:
        visitor, verified, *where, _random = signing.loads(text, salt=TOKEN, max_age=TICKET_SECONDS)
    except (signing.BadSignature, ValueError, TypeError):
        return None
    id = UUID(visitor)
    if where != [web_chat.pk.hex, web_chat.generation, site] or Visitor.objects.filter(pk=id).exists():
        return None
    return Newcomer(id, verified)


def digest_of(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()


def keep(visitor: Visitor, generation: int, *, text: str = "") -> tuple[VisitorToken, str]:
    """A row for the visitor's token, and its text: the one that was told before, or a new one."""
    text = text or secrets.token_urlsafe(32)
    now = timezone.now()
    row = VisitorToken.objects.create(
        visitor=visitor,
        digest=digest_of(text),
        generation=generation,
        created_at=now,
        expires_at=now + lifetime_of(visitor),
    )
    return row, text


def lifetime_of(visitor: Visitor) -> timedelta:
    return VERIFIED_LIFETIME if visitor.verified else LIFETIME


def usable_tokens(now: datetime | None = None) -> QuerySet[VisitorToken]:
    """Those that open something at this moment: in their own web chat, on their own site."""
    now = now or timezone.now()
    current = Q(replaced_at=None) | Q(replaced_at__gt=now - GRACE)
    return VisitorToken.objects.filter(
        current,
        revoked_at=None,
        expires_at__gt=now,
        generation=F("visitor__web_chat__generation"),
        visitor__contact__deleted_at=None,
    )


def token_of(text: str, *, web_chat: UUID, site: str) -> VisitorToken | None:
    """The token's row with its visitor and contact, if it opens something there."""
    rows = usable_tokens().filter(digest=digest_of(text), visitor__web_chat=web_chat, visitor__site=site)
    return rows.select_related("visitor__contact").first()


def renew(token: VisitorToken, *, signed: bool = False) -> tuple[VisitorToken, str]:
    """Called each time that the token comes back: it lives on, or is replaced by a new one, whose text is
    returned. ``signed``: together with a fresh signature of the site."""
    now, visitor = timezone.now(), token.visitor
    if visitor.last_seen_at < now - SEEN_EVERY:
        Visitor.objects.filter(pk=visitor.pk).update(last_seen_at=now)
    if token.created_at < now - ROTATED_AFTER and (signed or not visitor.verified):
        return _replaced(token, now)
    changes: dict[str, Any] = {} if token.used_at else {"used_at": now}
    expires_at = now + lifetime_of(visitor)
    if signed or (not visitor.verified and token.expires_at < expires_at - SEEN_EVERY):
        changes["expires_at"] = token.expires_at = expires_at
    if changes:
        VisitorToken.objects.filter(pk=token.pk).update(**changes)
    return token, ""


def _replaced(token: VisitorToken, now: datetime) -> tuple[VisitorToken, str]:
    """A new token in the place of this one. While nobody has come back with the new one, it may have been
    lost on its way: then another one takes its place."""
    if token.replaced_at is None:
        VisitorToken.objects.filter(pk=token.pk, replaced_at=None).update(replaced_at=now)
    else:
        newer = VisitorToken.objects.filter(visitor=token.visitor, created_at__gte=token.replaced_at)
        if newer.exclude(used_at=None).exists():
            return token, ""
        newer.filter(revoked_at=None).update(revoked_at=now)
    return keep(token.visitor, token.generation)


def revoke(tokens: QuerySet[VisitorToken]) -> None:
    tokens.filter(revoked_at=None).update(revoked_at=timezone.now())


def end_all(web_chat: UUID) -> None:
    """Every ticket and token of the web chat ends, and with them its visitors' sockets within seconds."""
    WebChat.objects.filter(pk=web_chat).update(generation=F("generation") + 1)


def lost_among(tokens: Iterable[UUID]) -> set[UUID]:
    """Those of the tokens that open nothing any more."""
    asked = set(tokens)
    return asked - set(usable_tokens().filter(pk__in=asked).values_list("pk", flat=True))
