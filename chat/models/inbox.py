"""Where conversations come in: inboxes, the web chats that stand on a site, and the contacts who write."""

from __future__ import annotations

import uuid

from django.db import models
from django.utils.translation import gettext_lazy as _

from chat.models.chatbot import Chatbot
from chat.models.organization import Organization


class ChannelType(models.TextChoices):
    WEB = "web", _("Web")
    LINE = "line", "LINE"
    TELEGRAM = "telegram", "Telegram"
    MESSENGER = "messenger", "Messenger"


class Inbox(models.Model):
    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    organization = models.ForeignKey(Organization, models.CASCADE, related_name="inboxes")
    name = models.CharField(_("name"), max_length=255)
    channel_type = models.CharField(_("channel"), max_length=16, choices=ChannelType, default=ChannelType.WEB)
    created_at = models.DateTimeField(_("created"), auto_now_add=True)

    class Meta:
        verbose_name = _("inbox")
        verbose_name_plural = _("inboxes")

    def __str__(self) -> str:
        return self.name


class WebChat(models.Model):
    """A chat that stands on a site: which chatbot answers, into which inbox, on which origins."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    organization = models.ForeignKey(Organization, models.CASCADE, related_name="web_chats")
    inbox = models.OneToOneField(Inbox, models.CASCADE, related_name="web_chat")
    chatbot = models.ForeignKey(Chatbot, models.CASCADE, related_name="web_chats")
    name = models.CharField(_("name"), max_length=255)
    is_active = models.BooleanField(_("active"), default=True)
    allowed_origins = models.JSONField(
        _("allowed origins"),
        default=list,
        blank=True,
        help_text=_('Sites that may embed it, such as ["https://example.com"]. Empty: this server only.'),
    )
    created_at = models.DateTimeField(_("created"), auto_now_add=True)
    updated_at = models.DateTimeField(_("updated"), auto_now=True)

    class Meta:
        verbose_name = _("web chat")
        verbose_name_plural = _("web chats")

    def __str__(self) -> str:
        return self.name


class Contact(models.Model):
    """Somebody outside the organization who writes to it."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    organization = models.ForeignKey(Organization, models.CASCADE, related_name="contacts")
    inbox = models.ForeignKey(Inbox, models.SET_NULL, null=True, blank=True, related_name="contacts")
    name = models.CharField(_("name"), max_length=255, blank=True)
    email = models.EmailField(_("e-mail"), blank=True)
    phone_number = models.CharField(_("telephone"), max_length=64, blank=True)
    avatar = models.URLField(_("picture"), max_length=511, blank=True)
    source_id = models.CharField(_("id at its source"), max_length=255, blank=True)
    query_metadata = models.JSONField(_("query metadata"), null=True, blank=True)
    created_at = models.DateTimeField(_("created"), auto_now_add=True)
    updated_at = models.DateTimeField(_("updated"), auto_now=True)

    class Meta:
        verbose_name = _("contact")
        verbose_name_plural = _("contacts")

    def __str__(self) -> str:
        return self.name or str(self.id)
