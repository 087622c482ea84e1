"""The signed form with which somebody sends one file straight to our own storage, in the fields that S3 has
for it. The signature covers the policy, and the policy everything else: the key, the size and the expiry.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import orjson
from django.core.signing import BadSignature, Signer
from django.utils.translation import gettext_lazy as _

from chat.exceptions import NotAllowed

#: For how many seconds a form can be sent.
VALID_SECONDS = 600
ALGORITHM = "AWS4-HMAC-SHA256"
_SALT = "chat.media.policy"


@dataclass(frozen=True, slots=True)
class Allowed:
    """What a form may send: at most ``size`` bytes, under ``key``."""

    key: str
    size: int


def fields_for(allowed: Allowed) -> dict[str, str]:
    """The form's fields, in the order in which clients send them on."""
    now = datetime.now(UTC)
    bound = {
        "key": allowed.key,
        "x-amz-algorithm": ALGORITHM,
        "x-amz-credential": f"parley/{now:%Y%m%d}/local/s3/aws4_request",
        "x-amz-date": f"{now:%Y%m%dT%H%M%SZ}",
    }
    conditions: list[Any] = [{name: value} for name, value in bound.items()]
    conditions.append(["content-length-range", 1, allowed.size])
    expiration = f"{now + timedelta(seconds=VALID_SECONDS):%Y-%m-%dT%H:%M:%SZ}"
    policy = base64.b64encode(orjson.dumps({"expiration": expiration, "conditions": conditions})).decode()
    return {**bound, "policy": policy, "x-amz-signature": _signature(policy)}


def read(fields: Mapping[str, str]) -> Allowed:
    """What the form that was sent may send. Raises ``NotAllowed`` with a sentence."""
    policy = fields.get("policy", "")
    try:
        Signer(salt=_SALT).unsign(f"{policy}:{fields.get('x-amz-signature', '')}")
        read = orjson.loads(base64.b64decode(policy, validate=True))
    except (BadSignature, binascii.Error, orjson.JSONDecodeError, UnicodeError):
        raise NotAllowed(
            _("The signature of this form is wrong. Send its fields as they were given.")
        ) from None
    if datetime.now(UTC) >= datetime.fromisoformat(read["expiration"]):
        raise NotAllowed(_("This form has expired. Ask for a new one."))
    *bound, (_name, _least, most) = read["conditions"]
    for condition in bound:
        for name, value in condition.items():
            if fields.get(name) != value:
                sentence = _("The field %(name)s is not the one that was given.")
                raise NotAllowed(sentence % {"name": name})
    return Allowed(fields["key"], most)


def _signature(policy: str) -> str:
    return Signer(salt=_SALT).signature(policy)
