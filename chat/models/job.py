"""Work to do in the background, kept in the database so that a crash loses none of it."""

from __future__ import annotations

import uuid

from django.db import models
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _


class JobState(models.TextChoices):
    WAITING = "waiting", _("Waiting")
    DUE = "due", _("Due")
    RUNNING = "running", _("Running")
    DONE = "done", _("Done")
    FAILED = "failed", _("Failed")


#: By the database's clock, so it is asked of the database and kept nowhere.
STATE = models.Case(
    models.When(given_up=True, then=models.Value(JobState.FAILED)),
    models.When(done_at__isnull=False, then=models.Value(JobState.DONE)),
    models.When(lease_until__gt=Now(), then=models.Value(JobState.RUNNING)),
    models.When(run_at__lte=Now(), then=models.Value(JobState.DUE)),
    default=models.Value(JobState.WAITING),
    output_field=models.CharField(max_length=16, choices=JobState),
)


class Job(models.Model):
    """Committed with what asked for it. Due when ``run_at`` has come; a claim moves ``run_at`` ahead by the
    lease, so that the job of a dead worker is due again by itself.

    ``fence`` is how often it was claimed: every write of a worker names it, so that one which was paused
    changes nothing of what another has taken over. ``done_at`` is its end, ``given_up`` or not.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    kind = models.CharField(_("kind"), max_length=64)
    payload = models.JSONField(_("payload"), default=dict)
    dedupe_key = models.CharField(max_length=255, blank=True)
    attempts = models.PositiveIntegerField(_("attempts"), default=0)
    fence = models.PositiveIntegerField(default=0)
    run_at = models.DateTimeField(_("due"), db_default=Now())
    lease_until = models.DateTimeField(_("leased until"), null=True, blank=True)
    last_error = models.TextField(_("last error"), blank=True)
    created_at = models.DateTimeField(_("created"), db_default=Now())
    done_at = models.DateTimeField(_("ended"), null=True, blank=True)
    given_up = models.BooleanField(_("given up"), default=False)

    class Meta:
        verbose_name = _("job")
        verbose_name_plural = _("jobs")
        constraints = [
            models.UniqueConstraint(
                fields=["kind", "dedupe_key"],
                condition=models.Q(done_at=None) & ~models.Q(dedupe_key=""),
                name="job_open_once",
            ),
        ]
        indexes = [
            models.Index(fields=["kind", "run_at"], condition=models.Q(done_at=None), name="job_due"),
            models.Index(fields=["kind"], condition=models.Q(given_up=True), name="job_given_up"),
        ]

    def __str__(self) -> str:
        return f"{self.kind} · {self.id}"
