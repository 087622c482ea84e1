"""The account a person logs in with."""

from __future__ import annotations

import uuid

from django.contrib.auth.models import AbstractUser
from django.db import models
from django.utils.translation import gettext_lazy as _

from chat.text.direction import without_turns


class User(AbstractUser):
    """Django's user with a UUID, an e-mail address that is unique if given, a display name and a language."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    display_name = models.CharField(_("name"), max_length=255, blank=True)
    language = models.CharField(_("language"), max_length=16, blank=True)

    class Meta(AbstractUser.Meta):
        swappable = "AUTH_USER_MODEL"
        constraints = [
            models.UniqueConstraint(fields=["email"], condition=~models.Q(email=""), name="user_email_once"),
        ]

    def __str__(self) -> str:
        return without_turns(self.display_name) or self.username
