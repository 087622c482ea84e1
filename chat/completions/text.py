"""Text that came from an upstream, made fit to store, to send and to log."""

from __future__ import annotations

import re

SURROGATE = re.compile("[\ud800-\udfff]")
SECRET = re.compile(r"(?i)(bearer\s+|\b(?:sk|pk|key|token)[-_])[\w.~+/-]{6,}")


def clean(text: str) -> str:
    """PostgreSQL refuses NUL, and half a surrogate pair cannot be sent to anybody."""
    return SURROGATE.sub("\ufffd", text.replace("\0", ""))


def redacted(text: str, secret: str) -> str:
    """For the log: providers repeat keys in their error messages."""
    if secret:
        text = text.replace(secret, "…")
    return SECRET.sub(r"\1…", clean(text))
