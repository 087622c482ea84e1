"""A conversation: one person's thread with one chatbot."""

from __future__ import annotations

import uuid

from django.conf import settings
from django.db import models
from django.db.models.functions import Now
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from chat.models.chatbot import Chatbot, LanguageModel
from chat.models.inbox import Contact, Inbox
from chat.models.organization import Organization
from chat.text.direction import without_turns


class Conversation(models.Model):
    """Belongs to a member (``owner``) or to a contact of an inbox.

    An endpoint that remembers the earlier turns itself, ``upstream_chatbot``, knows it by the id
    ``upstream_conversation``.

    ``last_position`` numbers the messages; adding to it inside the transaction that stores a message locks
    the row on PostgreSQL, so two writers never get the same position.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    organization = models.ForeignKey(Organization, models.CASCADE, related_name="conversations")
    chatbot = models.ForeignKey(Chatbot, models.CASCADE, related_name="conversations")
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.CASCADE, null=True, blank=True, related_name="conversations"
    )
    inbox = models.ForeignKey(Inbox, models.CASCADE, null=True, blank=True, related_name="conversations")
    contact = models.ForeignKey(Contact, models.CASCADE, null=True, blank=True, related_name="conversations")
    created_by = models.CharField(_("created by"), max_length=80, editable=False)
    title = models.CharField(_("title"), max_length=255, blank=True)
    auto_reply_enabled = models.BooleanField(_("auto reply"), default=True)
    is_group_chat = models.BooleanField(_("group chat"), default=False)
    enable_group_mention = models.BooleanField(_("answer mentions in groups"), default=False)
    llm = models.ForeignKey(LanguageModel, models.SET_NULL, null=True, blank=True, related_name="+")
    service_type = models.CharField(_("service"), max_length=64, blank=True, default="", db_default="")
    query_metadata = models.JSONField(_("query metadata"), null=True, blank=True)
    tool_mask = models.JSONField(_("tool mask"), null=True, blank=True)
    ip_address = models.GenericIPAddressField(_("IP address"), null=True, blank=True)
    ip_recorded_at = models.DateTimeField(_("IP recorded"), null=True, blank=True)
    upstream_chatbot = models.CharField(max_length=255, blank=True, default="", db_default="", editable=False)
    upstream_conversation = models.CharField(
        max_length=255, blank=True, default="", db_default="", editable=False
    )
    last_position = models.PositiveIntegerField(default=0, editable=False)
    last_message = models.ForeignKey(
        "chat.Message", models.SET_NULL, null=True, blank=True, related_name="+", editable=False
    )
    last_message_created_at = models.DateTimeField(_("last message"), default=timezone.now, db_index=True)
    last_read_at = models.DateTimeField(_("last read"), null=True, blank=True)
    unread_messages_count = models.PositiveIntegerField(_("unread"), default=0)
    created_at = models.DateTimeField(_("created"), auto_now_add=True)
    #: By the database's clock, and kept up to date only where several processes work (chat.hints).
    changed_at = models.DateTimeField(db_default=Now(), db_index=True, editable=False)

    class Meta:
        verbose_name = _("conversation")
        verbose_name_plural = _("conversations")
        indexes = [
            models.Index(
                fields=["owner", "organization", "-last_message_created_at", "-id"],
                name="conversation_recent",
            ),
            models.Index(
                fields=["organization", "-last_message_created_at", "-id"], name="conversation_org_recent"
            ),
            # How many of an inbox wait to be read is shown with each conversation of it.
            models.Index(
                fields=["inbox"],
                condition=models.Q(unread_messages_count__gt=0),
                name="conversation_unread",
            ),
        ]

    def __str__(self) -> str:
        return without_turns(self.title) or str(self.id)
