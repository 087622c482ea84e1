"""Whether this machine's clock agrees with those that it works with."""

from __future__ import annotations

import time
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

from django.conf import settings
from django.db import connection
from django.utils.translation import gettext as _

from chat.completions.http import CLIENT_ERRORS, client
from chat.db import in_database
from chat.doctor.findings import Finding, Subject

LITTLE, MUCH = 2.0, 30.0
SECONDS = 5.0
#: A Date header has whole seconds, so the true time is half a second later on average.
HALF_A_SECOND = 0.5


async def examine_clock() -> list[Finding]:
    """Whoever names no time, or does not answer, is left out: others look at that."""
    found = [await database_clock()]
    for code, title, url in (
        ("clock.completions", _("The endpoint's clock"), settings.COMPLETIONS_URL),
        ("clock.public", _("The clock at the public address"), f"{settings.PUBLIC_ORIGINS[0]}/healthz"),
    ):
        if url and (ahead := await server_ahead(url)) is not None:
            found.append(judged(Subject(code, title), ahead))
    return found


async def database_clock() -> Finding:
    subject = Subject("clock.database", _("The database's clock"))
    if connection.vendor == "sqlite":
        return subject.ok(_("It is this machine's own."))
    return judged(subject, await in_database(_database_ahead))


def _database_ahead() -> float:
    with connection.cursor() as cursor:
        begun = time.time()
        cursor.execute("SELECT extract(epoch FROM clock_timestamp())")
        (told,) = cursor.fetchone()
        return float(told) - (begun + time.time()) / 2


async def server_ahead(url: str) -> float | None:
    """By how many seconds a web server's clock is ahead of ours."""
    begun = time.time()
    try:
        async with client().stream("GET", url, timeout=SECONDS) as answer:
            date = parsedate_to_datetime(answer.headers["date"])
    except (*CLIENT_ERRORS, TimeoutError, KeyError, ValueError):
        return None
    aware = date if date.tzinfo else date.replace(tzinfo=UTC)
    return aware.timestamp() + HALF_A_SECOND - (begun + time.time()) / 2


def judged(subject: Subject, ahead: float) -> Finding:
    now = datetime.now(UTC).strftime("%H:%M:%S")
    named = {"seconds": abs(ahead), "now": now}
    if abs(ahead) < LITTLE:
        return subject.ok(_("Agrees with ours to %(seconds).1f s.") % named)
    found = (
        _("It is %(seconds).0f s ahead of ours (%(now)s UTC).")
        if ahead > 0
        else _("It is %(seconds).0f s behind ours (%(now)s UTC).")
    ) % named
    advice = _("Let both machines set their clocks by NTP: timedatectl set-ntp true")
    return subject.wrong(found, advice) if abs(ahead) >= MUCH else subject.warning(found, advice)
