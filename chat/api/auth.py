"""Who calls: the API key of ``Authorization: Api-Key <key>``. The key alone, without a scheme, works too.

Cookies are never looked at: a page that a member has open cannot make their browser call the API.
"""

from __future__ import annotations

from typing import ClassVar

from django.utils.translation import gettext_lazy as _
from rest_framework.authentication import BaseAuthentication
from rest_framework.exceptions import AuthenticationFailed, NotAuthenticated
from rest_framework.request import Request

from chat.models import ApiKey
from chat.principals import Principal
from chat.services import keys

SCHEME = "Api-Key"


class KeyAuthentication(BaseAuthentication):
    """``request.user`` becomes the ``Principal`` (of kind ``key``), ``request.auth`` the ``ApiKey``.

    Nothing is cached: a key that was revoked, or whose person has left, opens nothing any more.
    """

    schemes: ClassVar[tuple[str, ...]] = (SCHEME.lower(),)

    def authenticate(self, request: Request) -> tuple[Principal, ApiKey] | None:
        given = request.headers.get("Authorization", "").strip()
        if not given:
            return None
        key = keys.usable_key(self.text_of(given))
        if key is None:
            raise NotAuthenticated
        keys.mark_used(key)
        return keys.principal_of(key), key

    def text_of(self, header: str) -> str:
        scheme, _space, rest = header.partition(" ")
        if not rest:
            return scheme
        if scheme.lower() not in self.schemes:
            raise AuthenticationFailed(_("Invalid API key format."))
        return rest.strip()

    def authenticate_header(self, request: Request) -> str:
        return SCHEME
