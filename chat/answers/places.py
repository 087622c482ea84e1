"""Who waits for replies over HTTP: how many at a time, and only while their keys are good."""

from __future__ import annotations

import asyncio
import logging
from uuid import UUID
from weakref import WeakSet

from django.utils.translation import gettext_lazy as _

from chat.db import in_database
from chat.exceptions import NotAllowed, RateLimited
from chat.principals import Principal
from chat.services.keys import usable_among

logger = logging.getLogger(__name__)

#: For how many replies one key may wait at the same time, in this process.
PER_KEY = 20
#: How often it is asked whether the keys are still good; ``QUIET_SECONDS`` of a reading come on top.
CHECK_SECONDS = 3.0
AGAIN_SECONDS = 2.0


class KeyRevoked(NotAllowed):
    """While a reply was being read."""

    status = 401
    default = _("This API key has been revoked or has expired.")


class Place:
    """One of the places of a key. It is free again after ``leave``, at the latest when nobody knows it."""

    __slots__ = ("__weakref__", "key", "revoked")

    def __init__(self, key: UUID) -> None:
        self.key = key
        self.revoked = False

    def check(self) -> None:
        """Raises ``KeyRevoked``."""
        if self.revoked:
            raise KeyRevoked


class Places:
    """The places that are taken in this process. Its methods belong to one event loop."""

    def __init__(self) -> None:
        self._taken: dict[UUID, WeakSet[Place]] = {}
        self._task: asyncio.Task[None] | None = None

    def take(self, principal: Principal) -> Place:
        """Raises ``RateLimited`` when the key has no more."""
        theirs = self._taken.setdefault(principal.id, WeakSet())
        if len(theirs) >= PER_KEY:
            raise RateLimited(
                _("This key waits for 20 replies already. Wait until one of them is there."),
                retry_after=AGAIN_SECONDS,
            )
        place = Place(principal.id)
        theirs.add(place)
        if self._task is None or self._task.done():
            self._task = asyncio.create_task(self._watch(), name="keys")
        return place

    def leave(self, place: Place) -> None:
        theirs = self._taken.get(place.key, WeakSet())
        theirs.discard(place)
        if not theirs:
            self._taken.pop(place.key, None)

    async def _watch(self) -> None:
        """As long as anybody waits."""
        while self._taken:
            await asyncio.sleep(CHECK_SECONDS)
            keys = set(self._taken)
            try:
                lost = keys - await in_database(usable_among, keys)
            except Exception:
                logger.exception("keys_not_checked")
                continue
            for place in [place for key in lost for place in self._taken.get(key, ())]:
                place.revoked = True


places = Places()
