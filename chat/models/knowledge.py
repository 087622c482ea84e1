"""What a chatbot knows: knowledge bases, their files, and the passages that answers cite."""

from __future__ import annotations

import uuid

from django.db import models
from django.utils.translation import gettext_lazy as _

from chat.models.organization import Organization


class KnowledgeBase(models.Model):
    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    organization = models.ForeignKey(Organization, models.CASCADE, related_name="knowledge_bases")
    name = models.CharField(_("name"), max_length=255)
    created_at = models.DateTimeField(_("created"), auto_now_add=True)

    class Meta:
        verbose_name = _("knowledge base")
        verbose_name_plural = _("knowledge bases")

    def __str__(self) -> str:
        return self.name


class FileStatus(models.TextChoices):
    INITIAL = "initial", _("Waiting")
    PROCESSING = "processing", _("Processing")
    DONE = "done", _("Done")
    DELETING = "deleting", _("Deleting")
    DELETED = "deleted", _("Deleted")
    FAILED = "failed", _("Failed")


class KnowledgeFile(models.Model):
    """A document. ``indexing`` is the run that may write its passages, until a later one or the end."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    knowledge_base = models.ForeignKey(KnowledgeBase, models.CASCADE, related_name="files")
    filename = models.CharField(_("file name"), max_length=255)
    title = models.CharField(_("title"), max_length=255, blank=True)
    file = models.FileField(_("file"), upload_to="knowledge/", max_length=255, blank=True)
    file_type = models.CharField(_("type"), max_length=64, blank=True)
    size = models.PositiveBigIntegerField(_("size"), default=0)
    digest = models.CharField(_("SHA-256"), max_length=64, blank=True)
    status = models.CharField(_("status"), max_length=16, choices=FileStatus, default=FileStatus.INITIAL)
    indexing = models.UUIDField(null=True, editable=False)
    created_at = models.DateTimeField(_("created"), auto_now_add=True)

    class Meta:
        verbose_name = _("knowledge file")
        verbose_name_plural = _("knowledge files")
        constraints = [
            models.UniqueConstraint(fields=["knowledge_base", "filename"], name="knowledge_file_once"),
        ]

    def __str__(self) -> str:
        return self.title or self.filename


class Passage(models.Model):
    """A part of a file that can be found and cited. ``terms`` is the text as the search reads it."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    file = models.ForeignKey(KnowledgeFile, models.CASCADE, related_name="passages")
    position = models.PositiveIntegerField()
    heading = models.CharField(_("heading"), max_length=512, blank=True)
    text = models.TextField(_("text"))
    terms = models.TextField(editable=False)
    page_number = models.PositiveIntegerField(_("page"), null=True, blank=True)
    characters_count = models.PositiveIntegerField(_("characters"), default=0)
    hits_count = models.PositiveIntegerField(_("hits"), default=0)
    updated_at = models.DateTimeField(_("updated"), auto_now=True)

    class Meta:
        verbose_name = _("passage")
        verbose_name_plural = _("passages")
        constraints = [models.UniqueConstraint(fields=["file", "position"], name="passage_position_once")]

    def __str__(self) -> str:
        return self.heading or self.text[:80]
