"""Which object an integer stands for. Whether somebody may reach it, its own ``*_for`` decides."""

from __future__ import annotations

from uuid import UUID

from chat.exceptions import NotFound
from chat.models import IntegerId


def object_of(kind: str, number: int) -> UUID:
    """``NotFound`` also for integers that no database column holds."""
    found = IntegerId.objects.filter(kind=kind, pk=number).values_list("object", flat=True).first()
    if found is None:
        raise NotFound
    return found
