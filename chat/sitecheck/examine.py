"""Whether browsers show a web chat on a page of a site: a line for each thing that can keep them from it."""

from __future__ import annotations

import re
from urllib.parse import urlsplit

from asgiref.sync import async_to_sync
from django.conf import settings
from django.utils.translation import gettext as _

from chat.db import give_back
from chat.doctor.findings import Finding, Subject
from chat.exceptions import BadRequest
from chat.models import WebChat
from chat.services.sites import is_allowed, site_in
from chat.sitecheck.fetch import Page, fetch
from chat.sitecheck.html import tags_in
from chat.sitecheck.policy import FRAMES, SCRIPTS, Policy, policies_in, wants_nonce
from chat.sitecheck.snippet import SCRIPT, Snippet, snippet_in

#: What the snippets ask for; the chat works without.
FEATURES = ("clipboard-write", "fullscreen")
_FEATURE = re.compile(r"(?<![a-z-])([a-z-]++)\s*+=\s*+(\*|\([^()]*+\)|\w++)")


def examine_page(web_chat: WebChat, address: str, *, base: str) -> list[Finding]:
    """``base`` is the address of this server that the snippets have. Takes as long as the site takes, and
    holds nothing of the database meanwhile."""
    give_back()
    page = async_to_sync(fetch)(address if "://" in address else f"https://{address}")
    subject = Subject("page.answer", _("Page"))
    if page is None:
        return [
            subject.wrong(
                _("The page could not be read."),
                _("Enter the address of a page that everybody on the internet can open."),
            )
        ]
    if page.status != 200:
        return [
            subject.wrong(
                _("%(address)s answers %(status)d.") % {"address": page.address[:200], "status": page.status},
                _("Enter the address of a page that everybody can open without logging in."),
            )
        ]
    read = subject.ok(_("%(address)s was read.") % {"address": page.address[:200]})
    return [read, *_examine(page, web_chat, base)]


def _examine(page: Page, web_chat: WebChat, base: str) -> list[Finding]:
    metas = [
        tag.attributes.get("content", "")
        for tag in tags_in(page.html, "meta")
        if tag.attributes.get("http-equiv", "").lower() == "content-security-policy"
    ]
    policies = policies_in(page.header("Content-Security-Policy"), metas)
    found = snippet_in(page, str(web_chat.pk))
    script = found.script or base + SCRIPT
    frame = found.frame or f"{base}/web-chats/{web_chat.pk}"
    return [
        _allowed(page, web_chat),
        _encryption(page, base),
        _snippet(found),
        *([] if found.frame and not found.script else [_script(policies, page, script, found.nonce)]),
        _frame(policies, page, frame),
        *_isolation(page),
        *_permissions(page, base),
    ]


def _allowed(page: Page, web_chat: WebChat) -> Finding:
    subject = Subject("page.allowed", _("Allowed origins"))
    try:
        site = site_in(page.address)
    except BadRequest:  # such as a name that ends with a dot
        site = page.address[:200]
    if is_allowed(web_chat, site) or site in settings.PUBLIC_ORIGINS:
        return subject.ok(_("%(site)s may show this chat.") % {"site": site})
    return subject.wrong(
        _("%(site)s is not one of the sites that may show this chat.") % {"site": site},
        _("Enter it above as the site and allow it. Every sub-domain is an origin of its own."),
    )


def _encryption(page: Page, base: str) -> Finding:
    subject = Subject("page.encryption", _("Encryption"))
    if page.address.startswith("https://") and base.startswith("http://"):
        return subject.wrong(
            _("The page is encrypted and this server is not, so browsers block the chat."),
            _("Serve Parley with https, and set PUBLIC_URL to that address."),
        )
    return subject.ok(_("Nothing is blocked as mixed content."))


def _snippet(found: Snippet) -> Finding:
    subject = Subject("page.snippet", _("Snippet"))
    if found.caged:
        return subject.wrong(
            _("The frame's sandbox attribute keeps the chat from working."),
            _("Give it allow-scripts allow-same-origin allow-forms allow-popups, or take it away."),
        )
    if found.frame:
        return subject.ok(_("The frame with this web chat is in the page."))
    if found.script and found.named:
        return subject.ok(_("The script is in the page, with the id of this web chat."))
    if found.script:
        return subject.wrong(
            _("The script is in the page, but the id of this web chat is not."),
            _("Take one of the snippets above, which have it."),
        )
    if found.foreign:
        return subject.wrong(
            _("The script comes from another server: %(address)s") % {"address": found.foreign[:200]},
            _("Take one of the snippets above, which have the address of this one."),
        )
    return subject.warning(
        _("The snippet is not in the page's HTML."),
        _("Paste it there. If a tag manager or a script of yours adds it later, nothing is wrong."),
    )


def _script(policies: list[Policy], page: Page, address: str, nonce: str) -> Finding:
    subject = Subject("page.script", _("Script"))
    for policy in policies:
        if not policy.allows(SCRIPTS, address, page=page.address, nonce=nonce):
            if wants_nonce(policy.directives[policy.applied(SCRIPTS)]):
                advice = _("Give the script tag the page's nonce: beside 'strict-dynamic' no address counts.")
            else:
                advice = _addition(policy, SCRIPTS, "script-src", address)
            return subject.wrong(_forbidden(address), advice)
    return subject.ok(_("The page's Content-Security-Policy, if there is one, allows it."))


def _frame(policies: list[Policy], page: Page, address: str) -> Finding:
    subject = Subject("page.frame", _("Frame"))
    for policy in policies:
        if not policy.allows(FRAMES, address, page=page.address):
            return subject.wrong(_forbidden(address), _addition(policy, FRAMES, "frame-src", address))
    return subject.ok(_("The page's Content-Security-Policy, if there is one, allows it."))


def _forbidden(address: str) -> str:
    return _("The page's Content-Security-Policy does not allow %(address)s.") % {"address": address[:200]}


def _addition(policy: Policy, names: tuple[str, ...], usual: str, address: str) -> str:
    parts = urlsplit(address)
    named = {"origin": f"{parts.scheme}://{parts.netloc}", "directive": policy.applied(names)}
    if named["directive"] != "default-src":
        return _("Add %(origin)s to its %(directive)s.") % named
    text = _("Give it the directive %(directive)s, with what default-src has and %(origin)s.")
    return text % {**named, "directive": usual}


def _isolation(page: Page) -> list[Finding]:
    """Either value blocks frames whose page does not ask for the like."""
    for value in page.header("Cross-Origin-Embedder-Policy"):
        name = value.partition(";")[0].strip().lower()
        if name in ("require-corp", "credentialless"):
            return [
                Subject("page.isolation", _("Isolation")).wrong(
                    _("Cross-Origin-Embedder-Policy: %(value)s lets browsers block the chat's frame.")
                    % {"value": name},
                    _("Leave this header out on the pages with the chat."),
                )
            ]
    return []


def _permissions(page: Page, base: str) -> list[Finding]:
    given = dict(_FEATURE.findall(", ".join(page.header("Permissions-Policy")).lower()))
    kept = [name for name in FEATURES if name in given and not _reaches(given[name], base)]
    if not kept:
        return []
    return [
        Subject("page.permissions", _("Permissions")).warning(
            _("The page's Permissions-Policy keeps this from the chat: %(features)s.")
            % {"features": ", ".join(kept)},
            _("The chat works without. To give it, add “%(origin)s” to its list there.") % {"origin": base},
        )
    ]


def _reaches(allowlist: str, base: str) -> bool:
    return "*" in allowlist or f'"{base}"' in allowlist
