"""Addresses that the server calls for somebody."""

from __future__ import annotations

import re
from typing import Any

from django.conf import settings
from django.core.validators import URLValidator
from django.db import models

#: Such as a service has in a network of containers: ``http://receiver:8000/hook``.
_ONE_LABEL = re.compile(
    r"https?://[a-z](?:[a-z0-9_-]{0,61}[a-z0-9])?(?::[0-9]{1,5})?(?:[/?#]\S*)?", re.IGNORECASE
)


class ReceiverValidator(URLValidator):
    """Takes names of one label too, if webhooks may go to private addresses: elsewhere they mean nothing."""

    def __call__(self, value: Any) -> None:
        local = settings.WEBHOOK_PRIVATE_ADDRESSES and _ONE_LABEL.fullmatch(str(value))
        if not local:
            super().__call__(value)


class ReceiverURLField(models.URLField):  # type: ignore[type-arg]  # not generic when it runs
    default_validators = [ReceiverValidator()]

    def deconstruct(self) -> Any:
        """The same column as any address."""
        name, _path, args, kwargs = super().deconstruct()
        return name, "django.db.models.URLField", args, kwargs
