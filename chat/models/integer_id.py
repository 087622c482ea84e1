"""Numbers for programs whose ids are integers."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _


class IntegerId(models.Model):
    """The integer by which a program knows an object. Given out when it is first asked for; an object keeps
    its number for ever, and no number is given out twice. Whether somebody may reach the object is another
    question."""

    id = models.BigAutoField(primary_key=True)
    kind = models.CharField(_("kind"), max_length=16)
    object = models.UUIDField(_("object"))

    class Meta:
        verbose_name = _("integer id")
        verbose_name_plural = _("integer ids")
        constraints = [models.UniqueConstraint(fields=["kind", "object"], name="integer_id_once")]

    def __str__(self) -> str:
        return f"{self.kind} {self.pk}"
