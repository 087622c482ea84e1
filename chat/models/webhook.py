"""Calls to the address that a chatbot's owner gave for its finished messages."""

from __future__ import annotations

import uuid

from django.db import models
from django.utils.translation import gettext_lazy as _

from chat.models.chatbot import Chatbot
from chat.models.message import Message


class WebhookRecord(models.Model):
    """One attempt. ``status_code`` is null when no answer came; ``response`` is the beginning of what did."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    chatbot = models.ForeignKey(Chatbot, models.CASCADE, related_name="webhook_records")
    message = models.ForeignKey(
        Message, models.SET_NULL, null=True, blank=True, related_name="webhook_records"
    )
    url = models.URLField(_("address"), max_length=511)
    attempt = models.PositiveIntegerField(_("attempt"), default=1)
    request_body = models.JSONField(_("request"), null=True, blank=True)
    status_code = models.PositiveSmallIntegerField(_("status"), null=True, blank=True)
    response = models.TextField(_("response"), blank=True)
    error = models.CharField(_("error"), max_length=255, blank=True)
    milliseconds = models.PositiveIntegerField(_("milliseconds"), null=True, blank=True)
    created_at = models.DateTimeField(_("created"), auto_now_add=True)

    class Meta:
        verbose_name = _("webhook call")
        verbose_name_plural = _("webhook calls")
        indexes = [models.Index(fields=["chatbot", "-created_at", "-id"], name="webhook_recent")]

    def __str__(self) -> str:
        return f"{self.url} · {self.status_code or self.error}"
