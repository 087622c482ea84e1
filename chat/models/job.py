"""Work to do in the background, kept in the database so that a crash loses none of it."""

from __future__ import annotations

import uuid

from django.db import models
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _


class Job(models.Model):
    """Committed with what asked for it. Due when ``run_at`` has come; a claim moves ``run_at`` ahead by the
    lease, so that the job of a dead worker is due again by itself."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    kind = models.CharField(_("kind"), max_length=64)
    payload = models.JSONField(_("payload"), default=dict)
    dedupe_key = models.CharField(max_length=255, blank=True)
    attempts = models.PositiveIntegerField(_("attempts"), default=0)
    run_at = models.DateTimeField(_("due"), db_default=Now())
    lease_until = models.DateTimeField(_("leased until"), null=True, blank=True)
    last_error = models.TextField(_("last error"), blank=True)
    created_at = models.DateTimeField(_("created"), db_default=Now())
    done_at = models.DateTimeField(_("done"), null=True, blank=True)

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
        indexes = [models.Index(fields=["run_at"], condition=models.Q(done_at=None), name="job_due")]

    def __str__(self) -> str:
        return f"{self.kind} · {self.id}"
