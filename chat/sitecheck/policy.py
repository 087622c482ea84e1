"""What a Content-Security-Policy lets a page load, as browsers decide it (CSP level 3)."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import chain, islice
from urllib.parse import SplitResult, urlsplit

#: Of these the first that is there counts.
SCRIPTS = ("script-src-elem", "script-src", "default-src")
FRAMES = ("frame-src", "child-src", "default-src")
#: No page has more, unless to keep us busy.
MOST_POLICIES = 100

_PORTS = {"http": 80, "https": 443}
_HOST = re.compile(
    r"(?:(?P<scheme>[a-z][a-z\d+.-]*)://)?(?P<host>\*|(?:\*\.)?[^/:*]+)(?::(?P<port>\d{1,5}|\*))?(?P<path>/.*)?",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Policy:
    directives: dict[str, list[str]]

    def applied(self, names: tuple[str, ...]) -> str:
        """The name of the directive that decides, or nothing if everything is allowed."""
        return next((name for name in names if name in self.directives), "")

    def allows(self, names: tuple[str, ...], address: str, *, page: str, nonce: str = "") -> bool:
        directive = self.applied(names)
        if not directive:
            return True
        sources = self.directives[directive]
        if nonce and f"'nonce-{nonce}'" in sources:
            return True
        if names is SCRIPTS and wants_nonce(sources):
            return False
        there, here = urlsplit(address), urlsplit(page)
        return any(_covers(source, there, here) for source in sources)


def wants_nonce(sources: list[str]) -> bool:
    """With ``strict-dynamic`` a list of hosts counts for nothing."""
    return any(source.lower() == "'strict-dynamic'" for source in sources)


def policies_in(headers: Iterable[str], metas: Iterable[str]) -> list[Policy]:
    """All of them, each of which must allow what is loaded. A header may hold several."""
    texts = chain((text for header in headers for text in header.split(",")), metas)
    return [_policy(text) for text in islice(texts, MOST_POLICIES) if text.strip()]


def _policy(text: str) -> Policy:
    """Of two directives with one name the first counts."""
    directives: dict[str, list[str]] = {}
    for directive in text.split(";"):
        name, *sources = directive.split() or [""]
        directives.setdefault(name.lower(), sources)
    return Policy(directives)


def _covers(source: str, there: SplitResult, here: SplitResult) -> bool:
    lowered = source.lower()
    if lowered == "*":
        return there.scheme in _PORTS
    if lowered == "'self'":
        return _scheme(here.scheme, there) and there.hostname == here.hostname and _same_port(here, there)
    if re.fullmatch(r"[a-z][a-z\d+.-]*:", lowered):
        return _scheme(lowered[:-1], there)
    found = _HOST.fullmatch(source)
    if found is None or source.startswith("'"):
        return False
    return (
        _scheme((found["scheme"] or here.scheme).lower(), there)
        and _host(found["host"].lower(), there.hostname or "")
        and _ports(found["port"], there)
        and _path(found["path"] or "", there.path)
    )


def _scheme(wanted: str, there: SplitResult) -> bool:
    """What is allowed without encryption is allowed with it."""
    return there.scheme == wanted or (wanted, there.scheme) == ("http", "https")


def _host(wanted: str, host: str) -> bool:
    return wanted in ("*", host) or (wanted.startswith("*.") and host.endswith(wanted[1:]))


def _ports(wanted: str | None, there: SplitResult) -> bool:
    if wanted is None:
        return _has_usual_port(there)
    return wanted == "*" or int(wanted) == _port(there) or (wanted == "80" and _port(there) == 443)


def _same_port(here: SplitResult, there: SplitResult) -> bool:
    return _port(here) == _port(there) or (_has_usual_port(here) and _has_usual_port(there))


def _has_usual_port(parts: SplitResult) -> bool:
    return _port(parts) == _PORTS.get(parts.scheme)


def _port(parts: SplitResult) -> int | None:
    return parts.port or _PORTS.get(parts.scheme)


def _path(wanted: str, path: str) -> bool:
    """A folder allows what is in it."""
    return path.startswith(wanted) if not wanted or wanted.endswith("/") else path == wanted
