"""The script that sites load, at an address that stays (``docs/embed.md``)."""

from __future__ import annotations

import gzip
import hashlib
from dataclasses import dataclass
from functools import cache

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.utils.http import parse_header_parameters
from django.views.decorators.http import require_safe

FILE = "static/embed/embed.min.js"
#: How long a site's visitors may go on with an older one.
FRESH_SECONDS = 300


@dataclass(frozen=True)
class Variant:
    encoding: str
    body: bytes
    etag: str


@cache
def variants() -> tuple[Variant, ...]:
    """The same script compressed and as it is, the shortest first. Brotli is made by the build: there is no
    package for it here."""
    plain = (settings.BASE_DIR / FILE).read_bytes()
    digest = hashlib.sha256(plain).hexdigest()[:20]
    bodies = {
        "br": (settings.BASE_DIR / f"{FILE}.br").read_bytes(),
        "gzip": gzip.compress(plain, 9, mtime=0),
        "": plain,
    }
    return tuple(
        Variant(encoding, body, f'"{digest}{encoding and "-"}{encoding}"')
        for encoding, body in bodies.items()
    )


def accepts(request: HttpRequest, encoding: str) -> bool:
    if not encoding:
        return True
    offers = (parse_header_parameters(one) for one in request.headers.get("Accept-Encoding", "").split(","))
    return any(name == encoding and parameters.get("q", "1")[:3] != "0" for name, parameters in offers)


@require_safe
async def loader(request: HttpRequest) -> HttpResponse:
    variant = next(one for one in variants() if accepts(request, one.encoding))
    known = [tag.strip().removeprefix("W/") for tag in request.headers.get("If-None-Match", "").split(",")]
    response = HttpResponse(content_type="text/javascript; charset=utf-8")
    if variant.etag in known:
        response.status_code = 304
    else:
        response.content = variant.body
        if variant.encoding:
            response["Content-Encoding"] = variant.encoding
        response["Content-Length"] = str(len(variant.body))
    response["ETag"] = variant.etag
    response["Cache-Control"] = f"public, max-age={FRESH_SECONDS}"
    response["Vary"] = "Accept-Encoding"
    response["Cross-Origin-Resource-Policy"] = "cross-origin"
    # A site may load it with `crossorigin`, as it has to for a check of its hash.
    response["Access-Control-Allow-Origin"] = "*"
    return response
