"""API keys: made once, shown once, kept only as a digest."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Sequence
from contextlib import suppress
from datetime import datetime, timedelta
from uuid import UUID

from django.db import OperationalError
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from chat.db import transact
from chat.exceptions import BadRequest
from chat.models import ApiKey, Membership, Organization, User
from chat.prepared import Prepared
from chat.principals import Principal

#: What a key may do, from the least to the most: each includes the ones before it.
SCOPES = ("read", "write", "admin")
#: How exactly it is known when a key was used last: a write for every read would cost more than the read.
USED_EVERY = timedelta(minutes=1)


def create_api_key(
    *,
    organization: Organization,
    name: str,
    user: User | None = None,
    scopes: Sequence[str] = (),
    expires_at: datetime | None = None,
) -> tuple[ApiKey, str]:
    """A new key and its text ``pk_<id>_<secret>``, which cannot be read again later.

    With ``user`` the key acts for that member, and only while they are one. Without ``scopes`` it may do
    everything.
    """
    if unknown := set(scopes) - set(SCOPES):
        raise BadRequest(_("There is no scope “%(scope)s”.") % {"scope": min(unknown)})
    if user is not None and not organization.memberships.filter(user=user).exists():
        raise BadRequest(_("The key's person must belong to the organization."))
    prefix = f"pk_{secrets.token_hex(4)}"
    text = f"{prefix}_{secrets.token_urlsafe(32)}"
    key = ApiKey.objects.create(
        organization=organization,
        user=user,
        name=name,
        prefix=prefix,
        digest=digest_of(text),
        scopes=list(scopes),
        expires_at=expires_at,
    )
    return key, text


def allows(key: ApiKey, scope: str) -> bool:
    """Whether the key has the scope, or a greater one. A key without any may do everything."""
    held = [SCOPES.index(one) for one in key.scopes if one in SCOPES]
    return not key.scopes or max(held, default=-1) >= SCOPES.index(scope)


def _usable() -> QuerySet[ApiKey]:
    theirs = Membership.objects.filter(user=OuterRef("user"), organization=OuterRef("organization"))
    return ApiKey.objects.filter(
        Q(user=None) | Q(Exists(theirs), user__is_active=True), revoked_at=None
    ).order_by()


_usable_key = Prepared(lambda digest: _usable().filter(digest=digest), digest=str)


def usable_key(text: str) -> ApiKey | None:
    """The key of this text, unless it was revoked, has expired, or its person has left the organization."""
    found = _usable_key(digest=digest_of(text))
    if not found or (found[0].expires_at and found[0].expires_at <= timezone.now()):
        return None
    return found[0]


def usable_among(keys: set[UUID]) -> set[UUID]:
    """Those of these ids whose keys still open something."""
    unexpired = Q(expires_at=None) | Q(expires_at__gt=timezone.now())
    return set(_usable().filter(unexpired, pk__in=keys).values_list("pk", flat=True))


def principal_of(key: ApiKey) -> Principal:
    return Principal("key", key.pk, key.organization_id, key.name)


def mark_used(key: ApiKey) -> None:
    """Note that the key is in use, once a minute; no request fails because it could not be noted."""
    now = timezone.now()
    if key.last_used_at and now - key.last_used_at < USED_EVERY:
        return
    due = ApiKey.objects.filter(Q(last_used_at=None) | Q(last_used_at__lt=now - USED_EVERY), pk=key.pk)
    with suppress(OperationalError), transact():
        due.update(last_used_at=now)


def digest_of(key: str) -> str:
    """What is stored of a key. Its 256 random bits make a slow hash needless (310 ms a call) and salt too."""
    return hashlib.sha256(key.encode()).hexdigest()


def revoke_api_keys(keys: QuerySet[ApiKey]) -> int:
    """End them for good; returns how many were still in use."""
    return keys.filter(revoked_at=None).update(revoked_at=timezone.now())
