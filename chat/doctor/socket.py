"""The socket under the public address: opened, spoken to, and closed as the server means it."""

from __future__ import annotations

import asyncio
from contextlib import suppress

import aiohttp
from django.conf import settings
from django.utils.translation import gettext as _

from chat.doctor.findings import Finding, Subject

PATH = "/ws/chat/"
#: What the server closes with when a frame comes before ``hello`` (``docs/socket.md``).
BAD_HELLO = 4003
ELSEWHERE = "https://elsewhere.invalid"
TIMEOUT = aiohttp.ClientWSTimeout(ws_receive=5, ws_close=5)


async def examine_socket(session: aiohttp.ClientSession) -> list[Finding]:
    return list(await asyncio.gather(upgrade(session), foreign_origin(session)))


async def upgrade(session: aiohttp.ClientSession) -> Finding:
    """Needs no account: a ``ping`` before ``hello`` is answered by closing."""
    subject = Subject("public.socket", _("Socket"))
    advice = _(
        "Pass the upgrade on: proxy_http_version 1.1; proxy_set_header Upgrade $http_upgrade; "
        'proxy_set_header Connection "upgrade"; (nginx; Caddy does it).'
    )
    try:
        code = await close_code(session, settings.PUBLIC_ORIGINS[0])
    except aiohttp.WSServerHandshakeError as error:
        if error.status == 403:
            return subject.wrong(
                _("The server refuses pages of its own address."),
                _(
                    "Give server and doctor the same PUBLIC_URL or PORT, and let the proxy pass Host and "
                    "Origin on."
                ),
            )
        return subject.wrong(
            _("It cannot be opened (status %(status)d): replies do not stream.") % {"status": error.status},
            advice,
        )
    except (aiohttp.ClientError, TimeoutError):
        return subject.wrong(_("It cannot be opened: replies do not stream."), advice)
    if code != BAD_HELLO:
        return subject.wrong(
            _("It opens, but what is sent through it gets no answer (%(code)s).") % {"code": code}, advice
        )
    return subject.ok(_("It opens, and carries frames both ways."))


async def foreign_origin(session: aiohttp.ClientSession) -> Finding:
    subject = Subject("public.origin", _("Pages of other sites"))
    try:
        await close_code(session, ELSEWHERE)
    except (aiohttp.ClientError, TimeoutError):
        return subject.ok(_("They cannot open the socket."))
    return subject.wrong(
        _("They can open the socket, and speak for whoever is logged in."),
        _("Let the proxy pass the Origin header on as it came."),
    )


async def close_code(session: aiohttp.ClientSession, origin: str) -> int | None:
    """``None`` when the socket opened and then nothing came."""
    async with session.ws_connect(PATH, origin=origin, timeout=TIMEOUT) as socket:
        await socket.send_json({"type": "ping"})
        with suppress(TimeoutError):
            await socket.receive()
        return socket.close_code
