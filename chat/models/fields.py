"""A text column that is encrypted at rest."""

from __future__ import annotations

import base64
from typing import Any

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from django.conf import settings
from django.db import models


def _cipher() -> MultiFernet:
    secrets = [settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS]
    return MultiFernet([Fernet(_derive(secret)) for secret in secrets])


def _derive(secret: str) -> bytes:
    key = HKDF(algorithm=SHA256(), length=32, salt=None, info=b"parley.secrets.v1").derive(secret.encode())
    return base64.urlsafe_b64encode(key)


def encrypt(text: str) -> str:
    return _cipher().encrypt(text.encode()).decode()


def decrypt(token: str) -> str:
    """The text again, or the empty string if no key opens it any more."""
    try:
        return _cipher().decrypt(token.encode()).decode()
    except InvalidToken:
        return ""


class EncryptedTextField(models.TextField):  # type: ignore[type-arg]  # not generic when it runs
    """Text encrypted with Fernet under a key derived from ``SECRET_KEY`` (HKDF-SHA256).

    Old values stay readable through ``SECRET_KEY_FALLBACKS``. A value that no key opens reads as empty: the
    secret is lost, and whoever owns it enters it again. It cannot be searched or filtered by.
    """

    def get_prep_value(self, value: Any) -> Any:
        value = super().get_prep_value(value)
        return encrypt(value) if value else value

    def from_db_value(self, value: str | None, expression: Any, connection: Any) -> str | None:
        return decrypt(value) if value else value
