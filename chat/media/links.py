"""Signed addresses of stored files. They are absolute, and open one file to whoever has them until they
expire: clients, receivers of webhooks and ``<img>`` fetch them without a key.

An address stays the same for a day, so that browsers need not fetch a picture again with each list.
"""

from __future__ import annotations

import time
from datetime import timedelta
from urllib.parse import quote

from django.conf import settings
from django.core.signing import BadSignature, Signer

from chat.media.names import MEDIA

_SALT = "chat.media"


def link(name: str) -> str:
    """Good for ``MEDIA_LINK_HOURS``, and for up to a day more if these are a day or more."""
    period = timedelta(hours=settings.MEDIA_LINK_HOURS).total_seconds()
    step = 86400 if period >= 86400 else 60
    expires = int((time.time() + period) // step + 1) * step
    signature = Signer(salt=_SALT).signature(f"{name}:{expires}")
    origin: str = settings.PUBLIC_ORIGINS[0]
    return f"{origin}/{MEDIA}{quote(name)}?expires={expires}&signature={signature}"


def is_signed(name: str, expires: str, signature: str) -> bool:
    try:
        Signer(salt=_SALT).unsign(f"{name}:{expires}:{signature}")
    except BadSignature:
        return False
    return True


def seconds_left(expires: str) -> int:
    """Until a signed address expires; 0 or less: it has."""
    return int(expires) - int(time.time())
