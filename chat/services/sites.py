"""The sites on which a web chat may stand, as its owner lists them and as browsers are told."""

from __future__ import annotations

import re
from urllib.parse import urlsplit
from uuid import UUID

from django.conf import settings
from django.db.models import F
from django.utils.translation import gettext_lazy as _

from chat.db import transact
from chat.exceptions import BadRequest
from chat.models import WebChat

#: Scheme, host and port: the first part of the host may be a ``*``, and so may the port.
_ORIGIN = re.compile(
    r"https?://(\*\.)?[a-z0-9_]([a-z0-9_.-]{0,250}[a-z0-9])?(:(\d{1,5}|\*))?|https?://\[[0-9a-f:]+\](:\d{1,5})?"
)
EVERY_SITE = "*"
_USUAL_PORTS = {"http": ":80", "https": ":443"}
_NO_SITE = _("“%(text)s” is no site. Enter one such as https://www.example.com.")
_NO_SCHEME = _("“%(line)s” lacks its beginning: write https://%(line)s or http://%(line)s.")


def is_site(text: str) -> bool:
    """``https://example.com``, ``https://*.example.com``, ``http://localhost:*``; or a lone ``*``, which is
    every site and must be written out."""
    return text == EVERY_SITE or _ORIGIN.fullmatch(text) is not None


def allowed_origins(web_chat: WebChat) -> list[str]:
    """The sites that may show it, besides this server. What is no origin is left out, whoever wrote it: it
    would become a part of a header."""
    rows = web_chat.allowed_origins if isinstance(web_chat.allowed_origins, list) else []
    texts = [row.strip().lower().rstrip("/") for row in rows if isinstance(row, str)]
    return [text for text in dict.fromkeys(texts) if is_site(text)]


def origin_of(address: str) -> str:
    """The origin of an address of the web, or nothing."""
    try:
        parts = urlsplit(address)
    except ValueError:
        return ""
    origin = f"{parts.scheme}://{parts.netloc}".lower()
    return origin if "*" not in origin and is_site(origin) else ""


def site_in(text: str) -> str:
    """The site that somebody typed: its origin, as browsers write it. Of a whole address the origin is taken,
    and a bare domain is one with https. Raises ``BadRequest`` with a sentence."""
    given = text.strip()
    if given == EVERY_SITE:
        return given
    if "://" not in given:
        given = f"https://{given}"
    scheme, _colon, rest = given.partition("://")
    host = re.split(r"[/?#\\]", rest, maxsplit=1)[0]
    scheme = scheme.lower()
    site = f"{scheme}://{_ascii(host.lower())}".removesuffix(_USUAL_PORTS.get(scheme, ""))
    if not is_site(site) or not _has_port(site):
        raise BadRequest(_NO_SITE % {"text": text})
    return site


def sites_in(text: str) -> list[str]:
    """Of a list with one in each line; an address with a path is refused here, because whoever lists it may
    believe that only this path is allowed."""
    sites = []
    for line in filter(None, map(str.strip, text.splitlines())):
        _scheme, _colon, rest = line.rpartition("://")
        if line != EVERY_SITE and "://" not in line:
            raise BadRequest(_NO_SCHEME % {"line": line})
        if re.search(r"[/?#\\].", rest):
            raise BadRequest(
                _("“%(line)s” goes on after the host. A whole site is allowed, not a page: write %(site)s.")
                % {"line": line, "site": site_in(line)}
            )
        sites.append(site_in(line))
    return list(dict.fromkeys(sites))


def is_allowed(web_chat: WebChat, site: str) -> bool:
    """Whether browsers show the web chat there, besides on this server itself."""
    return any(_covers(pattern, site) for pattern in allowed_origins(web_chat))


def allows_apps(web_chat: WebChat) -> bool:
    """Whether the browsers inside apps show it, whose pages have no origin that a list could name."""
    return isinstance(web_chat.options, dict) and web_chat.options.get("webView") is True


def may_stand_on(web_chat: WebChat, site: str) -> bool:
    """Whether a page that says that it stands on this site may stay. It is a hint, for pages that were opened
    while the list still had their site: what a page says is no proof, and browsers keep to the list when they
    load one."""
    named = site.startswith(("https://", "http://")) and site not in settings.PUBLIC_ORIGINS
    return not named or allows_apps(web_chat) or is_allowed(web_chat, site)


def allow_site(web_chat: UUID, site: str) -> None:
    """Add a site to those on which it may stand. Raises ``BadRequest`` for what is none."""
    site = site_in(site)
    with transact():
        # Keeps the row until the end: of two who add at the same moment, both have added.
        WebChat.objects.filter(pk=web_chat).update(generation=F("generation"))
        found = WebChat.objects.only("allowed_origins").get(pk=web_chat)
        sites = allowed_origins(found)
        if site not in sites:
            found.allowed_origins = [*sites, site]
            found.save(update_fields=["allowed_origins", "updated_at"])


def _covers(pattern: str, site: str) -> bool:
    """As browsers read the list: what may come over http may come over https, and a usual port need not be
    written."""
    if pattern in (EVERY_SITE, site):
        return True
    scheme = pattern.partition("://")[0]
    text = re.escape(pattern.removesuffix(_USUAL_PORTS[scheme]))
    text = text.replace(r"://\*\.", r"://([^/:]+\.)+").replace(r":\*", r"(:\d+)?")
    return re.fullmatch(text.replace("http:", "https?:", 1), site) is not None


def _ascii(host: str) -> str:
    """As browsers send a name with other letters."""
    try:
        return host if host.isascii() else host.encode("idna").decode()
    except UnicodeError:
        return ""


def _has_port(site: str) -> bool:
    _host, _colon, port = site.rpartition(":")
    return not port.isdigit() or 0 < int(port) < 65536
