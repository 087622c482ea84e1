"""What must not stand in a log, taken out of any text: secrets, and what a database repeats of a row."""

from __future__ import annotations

import re
from functools import cache
from typing import Any
from urllib.parse import quote, unquote, urlsplit

from django.conf import settings

GONE = "[removed]"

#: Settings whose value is a secret by itself.
SECRETS = (
    "SECRET_KEY",
    "COMPLETIONS_API_KEY",
    "METRICS_TOKEN",
    "EMAIL_HOST_PASSWORD",
    "S3_SECRET_ACCESS_KEY",
)

_PATTERNS = [
    # A cookie header has many values.
    (re.compile(r"(?i)\b((?:set-)?cookie['\"]?\s*[:=,]\s*(?:b?['\"])?)[^\n'\"]+"), rf"\1{GONE}"),
    (
        re.compile(
            r"(?i)\b(authorization['\"]?\s*[:=,]\s*(?:b?['\"])?(?:(?:basic|bearer|api-key|token)\s+)?)[^\s'\",;]+"
        ),
        rf"\1{GONE}",
    ),
    (re.compile(r"(?i)\b((?:bearer|api-key)\s+)[\w.~+/=-]{6,}"), rf"\1{GONE}"),
    (
        re.compile(
            r"(?i)\b((?:(?:x-)?api[-_]?key|sessionid|csrf\w*|\w*token|\w*password\d?|\w*secret)"
            r"['\"]?\s*[:=]\s*(?:b?['\"])?)(?!\[removed)[^\s'\",;&]+"
        ),
        rf"\1{GONE}",
    ),
    # Keys of providers and our own, known by the way they begin.
    (re.compile(r"\b((?:sk|pk)[-_])[\w.~+/-]{6,}"), rf"\1{GONE}"),
    (re.compile(r"(://[^/\s:@]*:)[^/\s@]+@"), rf"\1{GONE}@"),
    # To the end of its message PostgreSQL quotes the row or the statement, and so what people wrote.
    (
        re.compile(
            r"(?s)(?:\n|\\n)(?:LINE \d+|DETAIL|CONTEXT|QUERY): .*?"
            r"(?=\n\n(?:The above exception|During handling)|\Z)"
        ),
        "",
    ),
]


#: Without one of these no pattern fits; nearly no value of a record has one.
_SUSPECT = re.compile(
    r"(?i)cookie|authorization|bearer|key|session|csrf|token|password|secret|\b[sp]k[-_]|://"
    r"|LINE \d|DETAIL:|CONTEXT:|QUERY:"
)


def without_secrets(text: str) -> str:
    for secret in _configured():
        text = text.replace(secret, GONE)
    if not _SUSPECT.search(text):
        return text
    for pattern, replacement in _PATTERNS:
        text = pattern.sub(replacement, text)
    return text


@cache
def _configured() -> list[str]:
    """This installation's own secrets, the longest first: one may be a part of another."""
    found: list[Any] = [getattr(settings, name, "") for name in SECRETS]
    found += settings.SECRET_KEY_FALLBACKS
    found += [database.get("PASSWORD") for database in settings.DATABASES.values()]
    found.append(urlsplit(settings.REDIS_URL).password)
    providers = settings.SOCIALACCOUNT_PROVIDERS.values()
    found += [app.get("secret") for provider in providers for app in provider.get("APPS", [])]
    # A shorter one would take innocent words out of every line.
    secrets = [str(one) for one in found if one and len(str(one)) >= 8]
    # As they stand in addresses, and as they were meant there.
    forms = {form for one in secrets for form in (one, quote(one), quote(one, safe=""), unquote(one))}
    return sorted(forms, key=len, reverse=True)
