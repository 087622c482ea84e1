"""Which processes are alive, whether they may work side by side, and whether background work is done."""

from __future__ import annotations

from dataclasses import dataclass

from django.conf import settings
from django.db import connection
from django.db.models import QuerySet
from django.db.models.functions import Now
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from chat.db import in_database
from chat.doctor.findings import Finding, Subject
from chat.jobs.figures import Figures, figures
from chat.models import ProcessLease
from chat.models.job import JobState
from chat.replies.leases import LEASE

#: In seconds.
LATE, VERY_LATE = 60, 600


@dataclass(frozen=True, slots=True)
class Seen:
    alive: list[str]
    jobs: Figures


def living() -> QuerySet[ProcessLease]:
    """A beat of the future was made before the database's clock was put back."""
    return ProcessLease.objects.filter(beat_at__range=(Now() - LEASE, Now() + LEASE))


async def examine_processes() -> list[Finding]:
    seen = await in_database(_look)
    return [alive(seen.alive), *shared(len(seen.alive)), jobs(seen.jobs)]


def _look() -> Seen:
    return Seen(list(living().order_by("started_at").values_list("name", flat=True)), figures())


def alive(names: list[str]) -> Finding:
    subject = Subject("processes.alive", _("Processes"))
    if not names:
        return subject.wrong(
            _("None is alive: nobody can chat now."), _("Start the server: manage.py serve, or make run")
        )
    return subject.ok(
        ngettext("%(count)d is alive: %(names)s.", "%(count)d are alive: %(names)s.", len(names))
        % {"count": len(names), "names": ", ".join(names[:5]) + ("…" if len(names) > 5 else "")}
    )


def shared(count: int) -> list[Finding]:
    """What several processes need, if there are several."""
    if count < 2:
        return []
    subject = Subject("processes.shared", _("What processes share"))
    missing = [
        *([] if connection.vendor == "postgresql" else ["DATABASE_URL=postgres://user:password@host/name"]),
        *([] if settings.REDIS_URL else ["REDIS_URL=redis://host:6379/0"]),
    ]
    if not missing:
        return [subject.ok(_("PostgreSQL and Redis."))]
    return [
        subject.wrong(
            _("%(count)d work without what they have to share: replies of one are not seen in another.")
            % {"count": count},
            _("Stop all but one, or set %(variables)s for each.") % {"variables": " ".join(missing)},
        )
    ]


def jobs(found: Figures) -> Finding:
    subject = Subject("processes.jobs", _("Background work"))
    counts = {
        state: sum(count for (_kind, one), count in found.counts.items() if one == state)
        for state in (JobState.DUE, JobState.FAILED)
    }
    named = {"due": counts[JobState.DUE], "failed": counts[JobState.FAILED], "minutes": found.lag / 60}
    if found.lag >= LATE:
        late = _("Due and not done: %(due)d; the oldest for %(minutes)d minutes.") % named
        advice = _(
            "See the jobs' errors in the admin (Server, Jobs), and start more workers: manage.py worker"
        )
        return subject.wrong(late, advice) if found.lag >= VERY_LATE else subject.warning(late, advice)
    if counts[JobState.FAILED]:
        return subject.warning(
            _("Nothing is late. Failed and given up: %(failed)d.") % named,
            _("See their errors in the admin, under Server, Jobs."),
        )
    return subject.ok(_("Nothing is late."))
