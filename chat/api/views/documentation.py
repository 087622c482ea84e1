"""The OpenAPI document, and the page on which people read and try it. Neither needs a key or the internet."""

from __future__ import annotations

from functools import cache
from typing import Any

import yaml
from django.http import HttpResponse
from django.utils import translation
from drf_spectacular.generators import SchemaGenerator
from drf_spectacular.utils import extend_schema
from drf_spectacular.views import SpectacularSwaggerSplitView
from rest_framework.request import Request

from chat.api.renderers import encode
from chat.api.views.base import ApiView


@cache
def document(format: str) -> bytes:
    """The same for everybody, and too much work to do it for each who asks."""
    with translation.override("en"):
        found: dict[str, Any] = SchemaGenerator().get_schema(public=True)  # type: ignore[no-untyped-call]
    return yaml.safe_dump(found, sort_keys=False).encode() if format == "yaml" else encode(found)


class SchemaView(ApiView):
    anonymous = frozenset({"GET"})

    @extend_schema(exclude=True)
    def get(self, request: Request) -> HttpResponse:
        format = "yaml" if self.query("format") == "yaml" else "json"
        kind = "application/vnd.oai.openapi" if format == "yaml" else "application/vnd.oai.openapi+json"
        return HttpResponse(document(format), content_type=f"{kind}; charset=utf-8")


class DocsView(SpectacularSwaggerSplitView):
    """Swagger UI from our own static files. Its script is a request of its own, so the page's policy needs no
    inline scripts (``chat.web.headers``)."""

    authentication_classes = ()
    url_name = "api-schema"
