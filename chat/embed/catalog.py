"""The words of an embedded page's scripts, in the language of the page."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponseBase
from django.utils.translation import override
from django.views.decorators.gzip import gzip_page
from django.views.decorators.http import require_safe
from django.views.i18n import JavaScriptCatalog

from chat.embed.language import language_of

_catalog = JavaScriptCatalog.as_view(packages=["chat"])


@require_safe
@gzip_page
def catalog(request: HttpRequest) -> HttpResponseBase:
    with override(language_of(request)):
        response = _catalog(request)
    response["Cache-Control"] = "public, max-age=300"
    return response
