"""Whether those who are connected may still be: asked every five seconds, for all sockets at once."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime
from http.cookies import CookieError, SimpleCookie
from typing import Any
from uuid import UUID

from django.conf import settings
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
from django.contrib.sessions.backends.db import SessionStore
from django.contrib.sessions.models import Session
from django.utils import timezone
from django.utils.crypto import constant_time_compare

from chat.db import in_database
from chat.models import Membership, User
from chat.prepared import Prepared
from chat.principals import Principal
from chat.selectors import active_member
from chat.services.visitors import Guest, guests_lost

logger = logging.getLogger(__name__)

CHECK_SECONDS = 5.0


@dataclass(frozen=True, slots=True)
class Standing:
    """What a member's right rests on: a session, an unchanged password, a membership."""

    principal: Principal
    session: str
    password: str


def session_key(scope: Any) -> str | None:
    """The session cookie of the upgrade request."""
    for name, value in scope["headers"]:
        if name == b"cookie":
            try:
                cookie = SimpleCookie(value.decode("latin-1")).get(settings.SESSION_COOKIE_NAME)
            except CookieError:
                return None
            return cookie.value if cookie else None
    return None


_sessions: Prepared[str] = Prepared(
    lambda key, now: Session.objects.filter(session_key=key, expire_date__gt=now).values_list(
        "session_data", flat=True
    ),
    key=str,
    now=datetime,
)


def standing_of_session(session_key: str) -> Standing | None:
    """The member who is logged in with this session, in their organization: whom Django's ``get_user``
    finds. The session stays as it is, for a socket cannot give its client another cookie."""
    data = _sessions(key=session_key, now=timezone.now())
    session = SessionStore().decode(data[0]) if data else {}
    if session.get(BACKEND_SESSION_KEY) not in settings.AUTHENTICATION_BACKENDS:
        return None
    found = active_member(User._meta.pk.to_python(session.get(SESSION_KEY)))
    if found is None or not _verified(found[0], session.get(HASH_SESSION_KEY) or ""):
        return None
    user, principal = found
    return Standing(principal, session_key, user.password)


def _verified(user: User, digest: str) -> bool:
    """Whether the session is of a log-in with the password that the account has now."""
    known = (user.get_session_auth_hash(), *user.get_session_auth_fallback_hash())
    return any(constant_time_compare(digest, one) for one in known)


def standings_lost(standings: set[Standing]) -> set[Standing]:
    sessions = set(
        Session.objects.filter(
            session_key__in={one.session for one in standings}, expire_date__gt=timezone.now()
        ).values_list("session_key", flat=True)
    )
    people: set[UUID] = {one.principal.id for one in standings}
    passwords = dict(User.objects.filter(pk__in=people, is_active=True).values_list("pk", "password"))
    memberships = set(Membership.objects.filter(user__in=people).values_list("user", "organization"))
    return {
        one
        for one in standings
        if one.session not in sessions
        or passwords.get(one.principal.id) != one.password
        or (one.principal.id, one.principal.organization_id) not in memberships
    }


def rights_lost(rights: set[Standing | Guest]) -> set[Standing | Guest]:
    """Asked of members and of visitors, as far as there are any."""
    members = {one for one in rights if isinstance(one, Standing)}
    guests = {one for one in rights if isinstance(one, Guest)}
    lost: set[Standing | Guest] = set()
    if members:
        lost |= standings_lost(members)
    if guests:
        lost |= guests_lost(guests)
    return lost


class Watch:
    """The sockets of this process and what each rests on; ``lost`` is called when that is gone."""

    def __init__(self) -> None:
        self._sockets: dict[Callable[[], Awaitable[None]], Standing | Guest] = {}
        self._task: asyncio.Task[None] | None = None

    def add(self, lost: Callable[[], Awaitable[None]], standing: Standing | Guest) -> None:
        """Or change what a socket rests on."""
        self._sockets[lost] = standing
        if self._task is None:
            self._task = asyncio.create_task(self._check(), name="rights")

    def remove(self, lost: Callable[[], Awaitable[None]]) -> None:
        self._sockets.pop(lost, None)

    async def _check(self) -> None:
        while True:
            await asyncio.sleep(CHECK_SECONDS)
            if not self._sockets:
                continue
            try:
                gone = await in_database(rights_lost, set(self._sockets.values()))
            except Exception:
                logger.exception("rights_not_checked")
                continue
            for lost, standing in list(self._sockets.items()):
                if standing in gone and lost in self._sockets:
                    self.remove(lost)
                    try:
                        await lost()
                    except Exception:
                        logger.exception("socket_not_closed")


watch = Watch()
