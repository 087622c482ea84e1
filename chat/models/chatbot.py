"""What answers: language model entries and the chatbots that use them."""

from __future__ import annotations

import uuid

from django.db import models
from django.utils.translation import gettext_lazy as _

from chat.models.addresses import ReceiverURLField
from chat.models.fields import EncryptedTextField
from chat.models.organization import Organization


class Provider(models.TextChoices):
    BUILTIN = "builtin", _("Built in (no model)")
    OPENAI = "openai", _("OpenAI-compatible")
    MAIAGENT = "maiagent", _("Chatbot of MaiAgent")


class LanguageModel(models.Model):
    """A completions endpoint. Only superusers enter these: the address is fetched by the server."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    organization = models.ForeignKey(
        Organization,
        models.CASCADE,
        null=True,
        blank=True,
        related_name="language_models",
        help_text=_("Empty: every organization may choose it."),
    )
    name = models.CharField(_("name"), max_length=255)
    provider = models.CharField(_("provider"), max_length=16, choices=Provider, default=Provider.OPENAI)
    url = EncryptedTextField(
        _("address"), blank=True, help_text=_("With its path, such as https://api.openai.com/v1")
    )
    api_key = EncryptedTextField(_("key"), blank=True)
    model = models.CharField(_("model"), max_length=255, blank=True)
    chatbot_id = models.CharField(
        _("id of the chatbot there"),
        max_length=255,
        blank=True,
        default="",
        db_default="",
        help_text=_(
            "For a chatbot of MaiAgent, instead of a model. It has its own instructions and documents."
        ),
    )
    context_tokens = models.PositiveIntegerField(
        _("context, in tokens"),
        default=8192,
        help_text=_(
            "Instructions, passages and history are trimmed to fit; a quarter is left for the reply."
        ),
    )
    takes_images = models.BooleanField(
        _("takes images"),
        default=False,
        db_default=False,
        help_text=_("Images that are attached to a message are sent to it; else it is told their names."),
    )
    created_at = models.DateTimeField(_("created"), auto_now_add=True)
    updated_at = models.DateTimeField(_("updated"), auto_now=True)

    class Meta:
        verbose_name = _("language model")
        verbose_name_plural = _("language models")

    def __str__(self) -> str:
        return self.name


class Chatbot(models.Model):
    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    organization = models.ForeignKey(Organization, models.CASCADE, related_name="chatbots")
    name = models.CharField(_("name"), max_length=255)
    language_model = models.ForeignKey(
        LanguageModel,
        models.SET_NULL,
        null=True,
        blank=True,
        related_name="chatbots",
        help_text=_("Empty: the model that the server's environment names."),
    )
    knowledge_bases = models.ManyToManyField("chat.KnowledgeBase", blank=True, related_name="chatbots")
    instructions = models.TextField(_("instructions"), blank=True)
    greeting = models.CharField(_("greeting"), max_length=255, blank=True)
    starters = models.JSONField(
        _("conversation starters"),
        default=list,
        blank=True,
        help_text=_('A list such as [{"title": "Set up", "text": "How do I start?"}].'),
    )
    webhook_url = ReceiverURLField(_("webhook address"), max_length=511, null=True, blank=True)
    webhook_for_members = models.BooleanField(
        _("webhook for members too"),
        default=False,
        db_default=False,
        help_text=_("Off: it hears of the conversations that programs and visitors begin."),
    )
    webhook_secret = EncryptedTextField(blank=True, default="", db_default="", editable=False)
    webhook_old_secret = EncryptedTextField(blank=True, default="", db_default="", editable=False)
    webhook_old_secret_until = models.DateTimeField(null=True, blank=True, editable=False)
    webhook_gone_at = models.DateTimeField(
        _("webhook switched off by its receiver"), null=True, blank=True, editable=False
    )
    options = models.JSONField(
        _("options"),
        default=dict,
        blank=True,
        db_default=models.Value({}, models.JSONField()),
        help_text=_("What programs have set through the API and nothing here reads."),
    )
    is_active = models.BooleanField(_("active"), default=True)
    created_at = models.DateTimeField(_("created"), auto_now_add=True)
    updated_at = models.DateTimeField(_("updated"), auto_now=True)

    class Meta:
        verbose_name = _("chatbot")
        verbose_name_plural = _("chatbots")

    def __str__(self) -> str:
        return self.name
