"""The language of an embedded page: what the site asks for, else the browser's. No cookie has a say in it."""

from __future__ import annotations

from django.conf import settings
from django.http import HttpRequest
from django.utils.translation import get_supported_language_variant
from django.utils.translation.trans_real import parse_accept_lang_header

#: How sites and browsers write the languages that there are.
ALIASES = {"zh": "zh-hant", "zh-tw": "zh-hant", "zh-hk": "zh-hant", "zh-mo": "zh-hant"}


def language_of(request: HttpRequest) -> str:
    accepted = parse_accept_lang_header(request.headers.get("Accept-Language", "").lower())
    wanted = [request.GET.get("lang", ""), *(code for code, _ in accepted)]
    return next((found for code in wanted if (found := _known(code))), settings.LANGUAGE_CODE)


def _known(code: str) -> str:
    """One of ``LANGUAGES``, or nothing."""
    code = code.strip().lower().replace("_", "-")[:35]
    for wanted in (ALIASES.get(code, code), "zh-hant" if code.startswith("zh-") else ""):
        try:
            if wanted:
                return get_supported_language_variant(wanted)
        except LookupError:
            continue
    return ""
