"""Visitors of embedded chats, the tokens by which they are known again, and the secrets with which sites sign
who their visitors are."""

from __future__ import annotations

import uuid

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from chat.models.fields import EncryptedTextField
from chat.models.inbox import Contact, WebChat


class Visitor(models.Model):
    """Somebody on one site who has written in a web chat. ``verified``: the site has signed who they are, so
    what is their contact's is theirs; otherwise only what they began themselves."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    web_chat = models.ForeignKey(WebChat, models.CASCADE, related_name="visitors")
    contact = models.ForeignKey(Contact, models.CASCADE, related_name="visitors")
    site = models.CharField(_("site"), max_length=255, blank=True, editable=False)
    verified = models.BooleanField(_("verified"), default=False, editable=False)
    consented_at = models.DateTimeField(_("consented"), null=True, blank=True, editable=False)
    #: What was begun before is no longer shown to them.
    cleared_at = models.DateTimeField(_("cleared"), null=True, blank=True, editable=False)
    created_at = models.DateTimeField(_("created"), auto_now_add=True)
    last_seen_at = models.DateTimeField(_("last seen"), default=timezone.now, editable=False)

    class Meta:
        verbose_name = _("visitor")
        verbose_name_plural = _("visitors")

    def __str__(self) -> str:
        return f"{self.contact} · {self.site or self.web_chat}"


class VisitorToken(models.Model):
    """Only the SHA-256 of a token is stored. ``generation`` is the web chat's when it was made: raising that
    ends them all. One that was replaced lives a while longer, for the tabs that still have it."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    visitor = models.ForeignKey(Visitor, models.CASCADE, related_name="tokens")
    digest = models.CharField(max_length=64, unique=True, editable=False)
    generation = models.PositiveIntegerField(editable=False)
    created_at = models.DateTimeField(_("created"), default=timezone.now, editable=False)
    expires_at = models.DateTimeField(_("expires"), db_index=True, editable=False)
    #: When it came back for the first time: its holder has it.
    used_at = models.DateTimeField(_("first used"), null=True, blank=True, editable=False)
    replaced_at = models.DateTimeField(_("replaced"), null=True, blank=True, editable=False)
    revoked_at = models.DateTimeField(_("revoked"), null=True, blank=True, editable=False)

    class Meta:
        verbose_name = _("visitor's token")
        verbose_name_plural = _("visitors' tokens")

    def __str__(self) -> str:
        return f"{self.digest[:8]}…"


class IdentitySecret(models.Model):
    """What a site signs with. A web chat has two at most, so that a site can change from one to the next."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    web_chat = models.ForeignKey(WebChat, models.CASCADE, related_name="identity_secrets")
    prefix = models.CharField(_("prefix"), max_length=16, editable=False)
    secret = EncryptedTextField(_("secret"), editable=False)
    created_at = models.DateTimeField(_("created"), auto_now_add=True)

    class Meta:
        verbose_name = _("identity secret")
        verbose_name_plural = _("identity secrets")

    def __str__(self) -> str:
        return f"{self.prefix}…"
