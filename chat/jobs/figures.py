"""What is in the queue, in numbers that are cheap to ask for: open and given up jobs have indexes of their
own, and those that are done are not counted."""

from __future__ import annotations

from dataclasses import dataclass

from django.db.models import Count, Q
from django.db.models.functions import Now

from chat.models import Job
from chat.models.job import STATE


@dataclass(frozen=True, slots=True)
class Figures:
    """``counts`` by kind and state (``waiting``, ``due``, ``running``, ``failed``; none where there are
    none). ``lag``: the seconds by which the job that is due longest is late."""

    counts: dict[tuple[str, str], int]
    lag: float


def figures() -> Figures:
    rows = Job.objects.filter(Q(done_at=None) | Q(given_up=True)).annotate(state=STATE)
    counted = rows.order_by().values_list("kind", "state").annotate(count=Count("pk"))
    due = Job.objects.filter(done_at=None, run_at__lte=Now()).annotate(now=Now()).order_by("run_at")
    oldest = due.values_list("run_at", "now").first()
    lag = (oldest[1] - oldest[0]).total_seconds() if oldest else 0.0
    return Figures({(kind, state): count for kind, state, count in counted}, lag)
