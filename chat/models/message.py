"""A message of a conversation, what is attached to it, and what a reader thought of it."""

from __future__ import annotations

import uuid

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from chat.models.conversation import Conversation
from chat.models.inbox import Contact
from chat.models.organization import Organization
from chat.text.direction import without_turns


class MessageType(models.TextChoices):
    INCOMING = "incoming", _("Incoming")
    OUTGOING = "outgoing", _("Outgoing")


class Message(models.Model):
    """``incoming`` is from the person, ``outgoing`` from the chatbot or a teammate.

    The id of an incoming message is made by the client: with ``created_by`` it makes sending idempotent. An
    outgoing message exists from the moment its reply is asked for; its content is filled in at the end. A
    retried one is ``superseded``: kept for review, absent from lists and from the prompt.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    conversation = models.ForeignKey(Conversation, models.CASCADE, related_name="messages")
    position = models.PositiveIntegerField(editable=False)
    type = models.CharField(_("type"), max_length=16, choices=MessageType)
    created_by = models.CharField(_("created by"), max_length=80, editable=False)
    sender_user = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, related_name="+"
    )
    sender_contact = models.ForeignKey(Contact, models.SET_NULL, null=True, blank=True, related_name="+")
    content = models.TextField(_("content"), blank=True)
    content_payload = models.JSONField(_("content payload"), null=True, blank=True)
    metadata = models.JSONField(_("metadata"), null=True, blank=True)
    query_metadata = models.JSONField(_("query metadata"), null=True, blank=True)
    canvas = models.JSONField(_("canvas"), null=True, blank=True)
    #: Where the answer goes and as what: ``{"platform": "email", "output_format": "html"}`` (chat.maax), or
    #: ``{"platform": "openai", "instructions": "…"}``.
    delivery = models.JSONField(_("delivery"), null=True, blank=True, editable=False)
    #: SHA-256 of the request that asked for it under an ``Idempotency-Key``.
    request_digest = models.CharField(max_length=64, blank=True, default="", db_default="", editable=False)
    citations = models.JSONField(_("citations"), default=list, blank=True)
    citation_nodes = models.JSONField(_("citation nodes"), default=list, blank=True)
    superseded = models.BooleanField(_("superseded"), default=False, editable=False)
    created_at = models.DateTimeField(_("created"), auto_now_add=True)

    class Meta:
        verbose_name = _("message")
        verbose_name_plural = _("messages")
        constraints = [
            models.UniqueConstraint(
                fields=["conversation", "position"],
                condition=models.Q(superseded=False),
                name="message_position_once",
            ),
        ]
        indexes = [
            # They are few, and what is counted leaves them out.
            models.Index(
                fields=["conversation", "id"],
                condition=models.Q(superseded=True),
                name="message_superseded",
            ),
        ]

    def __str__(self) -> str:
        return without_turns(self.content[:80]) or str(self.id)


class AttachmentType(models.TextChoices):
    IMAGE = "image", _("Image")
    VIDEO = "video", _("Video")
    AUDIO = "audio", _("Audio")
    STICKER = "sticker", _("Sticker")
    OTHER = "other", _("Other")


class Attachment(models.Model):
    """An uploaded file. It can be attached once, by the principal who uploaded it."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    organization = models.ForeignKey(Organization, models.CASCADE, related_name="attachments")
    conversation = models.ForeignKey(
        Conversation, models.CASCADE, null=True, blank=True, related_name="attachments"
    )
    message = models.ForeignKey(Message, models.CASCADE, null=True, blank=True, related_name="attachments")
    created_by = models.CharField(_("uploaded by"), max_length=80, editable=False)
    type = models.CharField(_("type"), max_length=16, choices=AttachmentType, default=AttachmentType.OTHER)
    filename = models.CharField(_("file name"), max_length=255)
    content_type = models.CharField(
        _("content type"), max_length=127, blank=True, db_default="", editable=False
    )
    file = models.FileField(_("file"), upload_to="attachments/", max_length=255)
    size = models.PositiveBigIntegerField(_("size"), default=0)
    created_at = models.DateTimeField(_("created"), auto_now_add=True)

    class Meta:
        verbose_name = _("attachment")
        verbose_name_plural = _("attachments")

    def __str__(self) -> str:
        return self.filename


class Upload(models.Model):
    """A place for a file that somebody was allowed to send straight to the storage, until it is registered as
    an attachment. ``created_by`` is empty for strangers: then its ``key``, which is as long as a secret, is
    the right to it."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    organization = models.ForeignKey(
        Organization, models.CASCADE, null=True, blank=True, related_name="uploads"
    )
    created_by = models.CharField(_("asked by"), max_length=80, blank=True, editable=False)
    key = models.CharField(_("key"), max_length=255, unique=True, editable=False)
    filename = models.CharField(_("file name"), max_length=255)
    size = models.PositiveBigIntegerField(_("size"))
    created_at = models.DateTimeField(_("created"), auto_now_add=True, db_index=True)
    stored_at = models.DateTimeField(_("stored"), null=True, blank=True)

    class Meta:
        verbose_name = _("upload")
        verbose_name_plural = _("uploads")

    def __str__(self) -> str:
        return self.filename


class FeedbackType(models.TextChoices):
    LIKE = "like", _("Like")
    DISLIKE = "dislike", _("Dislike")


class Feedback(models.Model):
    """What the reader thought of an outgoing message, with a reason if they gave one."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    message = models.OneToOneField(Message, models.CASCADE, related_name="feedback")
    type = models.CharField(_("type"), max_length=16, choices=FeedbackType)
    suggestion = models.TextField(_("suggestion"), blank=True)
    created_by = models.CharField(_("given by"), max_length=80, editable=False)
    updated_at = models.DateTimeField(_("updated"), auto_now=True)

    class Meta:
        verbose_name = _("feedback")
        verbose_name_plural = _("feedback")

    def __str__(self) -> str:
        return self.get_type_display()
