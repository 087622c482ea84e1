"""Signed identity: a site says who its visitor is by a JSON Web Token that lives for an hour at most, signed
with a secret of the web chat.

Only HS256 is read, whatever the token's header says: with one algorithm nothing can be confused.
"""

from __future__ import annotations

import base64
import secrets
import unicodedata
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID

import jwt
from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db.models import F
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from chat.db import transact
from chat.exceptions import Conflict, IdentityRefused
from chat.models import IdentitySecret, WebChat

ALGORITHM = "HS256"
SECRET_BYTES = 32
MOST_SECRETS = 2
#: A token may not be made for longer; the clock of the site may be a little off.
LONGEST, CLOCKS_DIFFER = timedelta(hours=1), timedelta(seconds=30)
TOKEN_CHARACTERS = 4096
SUBJECT_CHARACTERS, TEXT_CHARACTERS, PHONE_CHARACTERS = 255, 255, 64


#: What the library raises for numbers without end and for a thousand brackets.
BROKEN = (OverflowError, RecursionError, TypeError, ValueError)


@dataclass(frozen=True, slots=True)
class Person:
    """What the site says of its visitor. ``subject`` is their id there; what is empty it does not say."""

    subject: str
    name: str = ""
    email: str = ""
    phone_number: str = ""


def new_secret(web_chat: UUID) -> str:
    """Another secret, which is shown now and never again. ``Conflict``: the web chat has two."""
    made = f"pis_{base64.urlsafe_b64encode(secrets.token_bytes(SECRET_BYTES)).decode().rstrip('=')}"
    with transact():
        # Keeps the web chat's row until the end: two who count at the same moment do not make three.
        WebChat.objects.filter(pk=web_chat).update(generation=F("generation"))
        if IdentitySecret.objects.filter(web_chat=web_chat).count() >= MOST_SECRETS:
            raise Conflict(_("There are two secrets already. Remove the one that is no longer used."))
        IdentitySecret.objects.create(web_chat_id=web_chat, prefix=made[:8], secret=made)
    return made


def remove_secret(web_chat: UUID, secret: UUID) -> None:
    """What is signed with it counts no more; whoever came in by it stays for the rest of their hour."""
    IdentitySecret.objects.filter(pk=secret, web_chat=web_chat).delete()


def read(token: str, *, web_chat: UUID) -> Person:
    """Who the token says its bearer is. Raises ``IdentityRefused`` with a sentence for the site's owner."""
    if len(token) > TOKEN_CHARACTERS:
        raise IdentityRefused(_("The token is longer than 4,096 characters."))
    keys = (
        IdentitySecret.objects.filter(web_chat=web_chat)
        .order_by("-created_at")
        .values_list("secret", flat=True)
    )
    usable = [key for key in keys[:MOST_SECRETS] if key]
    if not usable:
        raise IdentityRefused(_("This web chat has no identity secret."))
    for key in usable:
        try:
            return _person(_claims(token, key, web_chat))
        except jwt.InvalidSignatureError:
            continue
        except (jwt.PyJWTError, *BROKEN) as error:
            raise IdentityRefused(_reason(error)) from None
    raise IdentityRefused(_("The signature fits none of this web chat's secrets."))


def subject_said(token: str) -> str:
    """Of whom a token speaks that does not hold: nothing is proved by it. Empty: it cannot be read."""
    if len(token) > TOKEN_CHARACTERS:
        return ""
    try:
        claims = jwt.decode(token, options={"verify_signature": False})
        return _text(claims, "sub", SUBJECT_CHARACTERS)
    except (jwt.PyJWTError, IdentityRefused, *BROKEN):
        return ""


def _claims(token: str, key: str, web_chat: UUID) -> dict[str, Any]:
    return jwt.decode(
        token,
        key,
        algorithms=[ALGORITHM],
        audience=str(web_chat),
        leeway=CLOCKS_DIFFER,
        options={"require": ["sub", "aud", "exp"], "strict_aud": True},
    )


def _reason(error: Exception) -> str | Promise:
    match error:
        case jwt.ExpiredSignatureError():
            return _("The token has expired (exp).")
        case jwt.ImmatureSignatureError():
            return _("The token is not valid yet (iat or nbf): check the clock of the server that made it.")
        case jwt.MissingRequiredClaimError():
            return _("The token needs sub, aud and exp.")
        case jwt.InvalidAudienceError():
            return _("The token is for another web chat (aud): it has to be this one's id.")
        case jwt.InvalidAlgorithmError():
            return _("The token is not signed with HS256 (alg).")
        case _:
            return _("This is no token that can be read.")


def _person(claims: dict[str, Any]) -> Person:
    latest = (timezone.now() + LONGEST + CLOCKS_DIFFER).timestamp()
    if not isinstance(claims["exp"], int | float) or claims["exp"] > latest:
        raise IdentityRefused(_("The token is made for more than an hour (exp)."))
    subject = _text(claims, "sub", SUBJECT_CHARACTERS)
    if not subject:
        raise IdentityRefused(_("The token does not say who it is about (sub)."))
    email = _text(claims, "email", 254).lower()
    try:
        if email:
            validate_email(email)
    except ValidationError:
        raise IdentityRefused(_("The e-mail address of the token is none.")) from None
    return Person(
        subject, _text(claims, "name", TEXT_CHARACTERS), email, _text(claims, "phone", PHONE_CHARACTERS)
    )


def _text(claims: dict[str, Any], name: str, longest: int) -> str:
    """In the one form in which the same characters are the same text, so that nobody has two ids."""
    value = claims.get(name)
    text = unicodedata.normalize("NFC", value).strip() if isinstance(value, str) else ""
    printable = all(unicodedata.category(one) not in ("Cc", "Cs") for one in text)
    if not (value is None or isinstance(value, str)) or len(text) > longest or not printable:
        raise IdentityRefused(
            _("“%(name)s” is not a text of at most %(longest)d characters.") % _said(name, longest)
        )
    return text


def _said(name: str, longest: int) -> dict[str, Any]:
    return {"name": name, "longest": longest}
