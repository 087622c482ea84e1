"""A reply being made, and the processes that make replies."""

from __future__ import annotations

import uuid

from django.db import models
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from chat.models.conversation import Conversation
from chat.models.message import Message


class ProcessLease(models.Model):
    """One server or worker process that is alive. When ``beat_at`` is older than the lease, anybody may take
    over what it ran. All its times are the database's."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    name = models.CharField(_("name"), max_length=255, help_text=_("host:pid"))
    started_at = models.DateTimeField(_("started"), db_default=Now())
    beat_at = models.DateTimeField(_("last beat"), db_default=Now(), db_index=True)

    class Meta:
        verbose_name = _("process lease")
        verbose_name_plural = _("process leases")

    def __str__(self) -> str:
        return self.name


class ReplyState(models.TextChoices):
    QUEUED = "queued", _("Queued")
    RUNNING = "running", _("Running")
    COMPLETE = "complete", _("Complete")
    STOPPED = "stopped", _("Stopped")
    INTERRUPTED = "interrupted", _("Interrupted")
    FAILED = "failed", _("Failed")


#: The states a reply does not leave any more.
ENDED = (ReplyState.COMPLETE, ReplyState.STOPPED, ReplyState.INTERRUPTED, ReplyState.FAILED)


class Reply(models.Model):
    """One attempt to answer one incoming message.

    ``text`` is what had been stored when the log stood at ``seq``. ``runner`` and ``fence`` say who may write
    it: every write names both, and a process whose fence is old changes nothing.

    ``retry_at`` of a running reply is when the endpoint is asked again, which has failed with ``error_code``
    before its first word; of a failed one when the endpoint wants to be asked again, if it said so.

    ``reservation`` is what was kept for it of a web chat's tokens (``chat.replies.budgets``).
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    conversation = models.ForeignKey(Conversation, models.CASCADE, related_name="replies")
    incoming = models.ForeignKey(Message, models.CASCADE, related_name="replies")
    outgoing = models.OneToOneField(Message, models.CASCADE, related_name="reply")
    attempt = models.PositiveIntegerField(_("attempt"), default=1)
    state = models.CharField(_("state"), max_length=16, choices=ReplyState, default=ReplyState.QUEUED)
    runner = models.UUIDField(_("process"), null=True, blank=True, db_index=True)
    fence = models.PositiveIntegerField(default=0)
    text = models.TextField(_("text"), blank=True)
    reasoning = models.TextField(_("reasoning"), blank=True)
    seq = models.PositiveIntegerField(default=0)
    asked_by = models.CharField(_("asked by"), max_length=80)
    stop_requested_at = models.DateTimeField(_("stop asked"), null=True, blank=True)
    stop_requested_by = models.CharField(_("stop asked by"), max_length=80, blank=True)
    error_code = models.CharField(_("error"), max_length=32, blank=True)
    error_detail = models.TextField(_("error detail"), blank=True)
    retry_at = models.DateTimeField(_("asked again from"), null=True, blank=True)
    finish_reason = models.CharField(_("finish reason"), max_length=32, blank=True)
    provider = models.CharField(_("provider"), max_length=16, blank=True)
    model = models.CharField(_("model"), max_length=255, blank=True)
    usage = models.JSONField(_("usage"), null=True, blank=True)
    reservation = models.JSONField(null=True, blank=True, editable=False)
    queued_at = models.DateTimeField(_("queued"), db_default=Now())
    started_at = models.DateTimeField(_("started"), null=True, blank=True)
    first_token_at = models.DateTimeField(_("first token"), null=True, blank=True)
    upstream_closed_at = models.DateTimeField(_("upstream closed"), null=True, blank=True)
    ended_at = models.DateTimeField(_("ended"), null=True, blank=True)

    class Meta:
        verbose_name = _("reply")
        verbose_name_plural = _("replies")
        constraints = [
            models.UniqueConstraint(fields=["incoming", "attempt"], name="reply_attempt_once"),
            models.UniqueConstraint(
                fields=["conversation"],
                condition=models.Q(state="running"),
                name="reply_one_running_per_conversation",
            ),
        ]
        indexes = [
            # Which of a conversation's replies are open is asked with each message. The rest is what the
            # newest answers of many conversations are found by, without reading their rows.
            models.Index(
                fields=["conversation", "state", "queued_at", "id", "outgoing"], name="reply_of_conversation"
            ),
            models.Index(
                fields=["state", "runner"],
                condition=models.Q(state__in=["queued", "running"]),
                name="reply_open",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_state_display()} · {self.id}"
