"""The public address, asked from outside as people's browsers do."""

from __future__ import annotations

import asyncio
import ssl
import time
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING
from urllib.parse import SplitResult, urlsplit

import aiohttp
from django.conf import settings
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from chat.doctor.findings import Finding, Subject
from chat.doctor.proxy import examine_proxy
from chat.doctor.socket import examine_socket

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator

TIMEOUT = aiohttp.ClientTimeout(total=10, sock_connect=5)
DAYS_TO_RENEW = 14
#: One more than any page takes, and less than every page takes.
TOO_LARGE, LARGE = 25 * 1024 * 1024 + 1, 20 * 1024 * 1024
PIECE = b" " * 65536
#: A connection that was closed without a word, as some proxies refuse what is too large.
CUT = -1
#: How many seconds a refusal may take.
PATIENCE = 1.0


async def examine_public(*, slow: bool) -> list[Finding]:
    """Nothing else is asked where not even ``/healthz`` is answered."""
    origin = settings.PUBLIC_ORIGINS[0]
    async with aiohttp.ClientSession(origin, timeout=TIMEOUT) as session:
        first = await reach(session, origin)
        if first.advice:
            return [first]
        ready, shown, proxy, socket, limit = await asyncio.gather(
            readiness(session),
            page(session),
            examine_proxy(session, slow=slow),
            examine_socket(session),
            body_limit(origin),
        )
    secure = [await certificate(origin)] if origin.startswith("https://") else []
    return [first, ready, shown, *secure, *proxy, *socket, limit]


async def reach(session: aiohttp.ClientSession, origin: str) -> Finding:
    subject = Subject("public.reachable", _("Public address"))
    begun = time.perf_counter()
    try:
        async with session.get("/healthz", allow_redirects=False) as answer:
            status, healthy = answer.status, b'"ok"' in await answer.content.read(200)
            elsewhere = answer.headers.get("Location", "")
    except (aiohttp.ClientError, TimeoutError) as error:
        return unreachable(subject, origin, error)
    named = {"origin": origin, "status": status, "location": elsewhere}
    if 300 <= status < 400:
        return subject.wrong(
            _("%(origin)s leads elsewhere: %(location)s") % named,
            _("Set PUBLIC_URL to the address at which people arrive in the end."),
        )
    if status != 200 or not healthy:
        return subject.wrong(
            _("%(origin)s/healthz answers %(status)d, which is not Parley's answer.") % named,
            _("Let the proxy pass everything on to the address of `manage.py serve`, or correct PUBLIC_URL."),
        )
    return subject.ok(
        _("%(origin)s answers in %(milliseconds)d ms.")
        % {**named, "milliseconds": (time.perf_counter() - begun) * 1000}
    )


def unreachable(subject: Subject, origin: str, error: Exception) -> Finding:
    named = {"origin": origin}
    match error:
        case aiohttp.ClientConnectorDNSError():
            return subject.wrong(
                _("The host of %(origin)s is not known here.") % named,
                _("Enter the name in the DNS, or correct PUBLIC_URL."),
            )
        case aiohttp.ClientConnectorCertificateError():
            return subject.wrong(
                _("The certificate of %(origin)s is not valid: %(reason)s.")
                % {**named, "reason": certificate_fault(error)},
                _("Renew it, with the host of PUBLIC_URL in it and with its whole chain."),
            )
        case aiohttp.ClientConnectorSSLError():
            return subject.wrong(
                _("%(origin)s does not speak TLS.") % named,
                _("Let the proxy answer with TLS on that port, or set PUBLIC_URL=http://…"),
            )
        case TimeoutError():
            found = _("%(origin)s does not answer in time.") % named
        case _:
            found = _("%(origin)s refuses the connection.") % named
    if settings.PUBLIC_URL:
        return subject.wrong(
            found, _("Start the server and the proxy before it, or correct PUBLIC_URL and the firewall.")
        )
    return subject.wrong(
        found, _("Start the server; if it has another port, set PORT or PUBLIC_URL, such as PORT=9000.")
    )


def certificate_fault(error: aiohttp.ClientConnectorCertificateError) -> str:
    fault = error.certificate_error
    return fault.verify_message if isinstance(fault, ssl.SSLCertVerificationError) else type(fault).__name__


async def readiness(session: aiohttp.ClientSession) -> Finding:
    subject = Subject("public.ready", _("Ready for people"))
    try:
        async with session.get("/readyz", allow_redirects=False) as answer:
            status = answer.status
    except (aiohttp.ClientError, TimeoutError):
        status = 0
    if status == 200:
        return subject.ok(_("/readyz answers 200."))
    return subject.wrong(
        _("/readyz answers %(status)d.") % {"status": status},
        _("Wait if it is just starting or stopping; else see the database's lines and the server's log."),
    )


async def page(session: aiohttp.ClientSession) -> Finding:
    """The one page that everybody may see; it needs the database, a template and the static files."""
    subject = Subject("public.page", _("Log-in page"))
    begun = time.perf_counter()
    try:
        async with session.get(reverse(settings.LOGIN_URL), allow_redirects=False) as answer:
            status = answer.status
            await answer.read()
    except (aiohttp.ClientError, TimeoutError):
        status = 0
    if status == 200:
        milliseconds = (time.perf_counter() - begun) * 1000
        return subject.ok(_("It came in %(milliseconds)d ms.") % {"milliseconds": milliseconds})
    return subject.wrong(
        _("It answers %(status)d.") % {"status": status},
        _("See the server's log. If static files are missing: manage.py collectstatic, then a restart."),
    )


@asynccontextmanager
async def connection(
    origin: str,
) -> AsyncGenerator[tuple[SplitResult, asyncio.StreamReader, asyncio.StreamWriter], None]:
    """A bare connection to the public address."""
    address = urlsplit(origin)
    tls = ssl.create_default_context() if address.scheme == "https" else None
    port = address.port or (443 if tls else 80)
    async with asyncio.timeout(TIMEOUT.total):
        reader, writer = await asyncio.open_connection(address.hostname, port, ssl=tls)
    try:
        yield address, reader, writer
    finally:
        writer.transport.abort()


async def certificate(origin: str) -> Finding:
    subject = Subject("public.certificate", _("Certificate"))
    try:
        async with connection(origin) as (_address, _reader, writer):
            expires = ssl.cert_time_to_seconds(writer.get_extra_info("peercert")["notAfter"])
    except (OSError, TimeoutError) as error:
        return subject.wrong(
            _("It cannot be read (%(reason)s).") % {"reason": type(error).__name__},
            _("Let the proxy answer with TLS at once."),
        )
    days = int((expires - time.time()) // 86400)
    found = ngettext("Valid for %(days)d more day.", "Valid for %(days)d more days.", days) % {"days": days}
    if days >= DAYS_TO_RENEW:
        return subject.ok(found)
    return subject.warning(found, _("Renew it now, and see why that did not happen by itself."))


async def body_limit(origin: str) -> Finding:
    subject = Subject("public.body_limit", _("Limit of uploads"))
    try:
        large, too_large = await asyncio.gather(
            status_for_body(origin, LARGE, whole=False), status_for_body(origin, TOO_LARGE, whole=True)
        )
    except (OSError, TimeoutError):
        large, too_large = 0, 0
    if too_large not in (413, CUT):
        return subject.wrong(
            _("A body of more than 25 MB is not refused."),
            _("Set client_max_body_size 25m (nginx) or request_body { max_size 25MB } (Caddy)."),
        )
    if large == 413:
        return subject.warning(
            _("Bodies of 20 MB are refused: documents cannot be uploaded."),
            _("Set client_max_body_size 25m (nginx) or request_body { max_size 25MB } (Caddy)."),
        )
    return subject.ok(_("20 MB are let in, more than 25 MB are refused."))


async def status_for_body(origin: str, length: int, *, whole: bool) -> int:
    """The status that answers the announcement of a body and its beginning. Some proxies collect a body
    before they answer: with ``whole`` it is sent to its end where nobody has refused it. 0: no answer."""
    async with connection(origin) as (address, reader, writer):
        writer.write(
            f"POST /healthz HTTP/1.1\r\nHost: {address.netloc}\r\nContent-Length: {length}\r\n\r\n".encode()
        )
        writer.write(PIECE)
        answer = asyncio.ensure_future(reader.readline())
        try:
            async with asyncio.timeout(PATIENCE * 10 if whole else PATIENCE * 2):
                await asyncio.wait({answer}, timeout=PATIENCE)
                for _piece in range(length // len(PIECE) if whole else 0):
                    if answer.done():
                        break
                    writer.write(PIECE)
                    await writer.drain()
                return int((await answer).split()[1])
        except (TimeoutError, ValueError):
            return 0
        except (OSError, IndexError):
            return CUT
        finally:
            answer.cancel()
