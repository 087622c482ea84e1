"""The same request again: what comes with an ``Idempotency-Key`` is stored once, whichever route it takes.

A principal's keys are one space. The id of a message is made of the principal and the key, so that the
database's own primary key decides which of two requests was first; the message keeps a digest of what was
asked.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Mapping
from typing import Any
from uuid import UUID, uuid4, uuid5

import orjson
from django.db import IntegrityError
from django.utils.translation import gettext_lazy as _

from chat.exceptions import BadRequest, NotFound
from chat.principals import Principal
from chat.services.messages import Posted, first_result

HEADER = "Idempotency-Key"
#: Printable ASCII.
_KEY = re.compile(r"[\x20-\x7e]{1,255}")


def key_in(headers: Mapping[str, str]) -> str:
    """The key of a request; empty if it has none."""
    key = headers.get(HEADER, "").strip()
    if key and not _KEY.fullmatch(key):
        raise BadRequest(_("An Idempotency-Key has at most 255 characters, all of them plain."))
    return key


def once(
    principal: Principal, key: str, request: Mapping[str, Any], make: Callable[[UUID, str], Posted]
) -> Posted:
    """What ``make`` stores as a message with this id and ``request_digest``. With a key it is called only for
    the first request: a repeat by the same principal returns what that one has made, and another request is
    ``KeyReused``."""
    id, digest = (uuid5(principal.id, key), _digest(request)) if key else (uuid4(), "")
    if key and (first := first_result(principal, id, digest)):
        return first
    try:
        return make(id, digest)
    except Exception as error:
        # The same request at the same moment was faster, and may have taken what this one wanted: its files.
        if key and (first := first_result(principal, id, digest)):
            return first
        if isinstance(error, IntegrityError):
            raise NotFound from None  # where it belongs was deleted a moment ago
        raise


def _digest(request: Mapping[str, Any]) -> str:
    try:
        return hashlib.sha256(orjson.dumps(request, option=orjson.OPT_SORT_KEYS)).hexdigest()
    except orjson.JSONEncodeError:
        raise BadRequest from None
