"""The integers by which programs know conversations, messages, contacts and chatbots."""

from __future__ import annotations

import secrets
from collections.abc import Iterable
from typing import Literal
from uuid import UUID

from chat.db import transact
from chat.models import IntegerId

Kind = Literal["chatbot", "contact", "conversation", "message"]

#: What a signed 32-bit column holds: clients keep these in their own tables.
LARGEST = 2**31 - 1


def integer_id(kind: Kind, object: UUID) -> int:
    return integer_ids(kind, [object])[object]


def integer_ids(kind: Kind, objects: Iterable[UUID]) -> dict[UUID, int]:
    """The integer of each object, given out now to those that had none."""
    wanted = set(objects)
    known = _known(kind, wanted)
    while missing := wanted - known.keys():
        # Drawn, not counted: a count would tell each organization how much the others write. Whether another
        # request was first, or the integer is somebody else's already, the next look tells.
        with transact():
            IntegerId.objects.bulk_create(
                (IntegerId(pk=1 + secrets.randbelow(LARGEST), kind=kind, object=one) for one in missing),
                ignore_conflicts=True,
            )
        known |= _known(kind, missing)
    return known


def _known(kind: Kind, objects: set[UUID]) -> dict[UUID, int]:
    return dict(IntegerId.objects.filter(kind=kind, object__in=objects).values_list("object", "pk"))
