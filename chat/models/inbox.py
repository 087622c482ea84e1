"""Where conversations come in: inboxes, the web chats that stand on a site, and the contacts who write."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING

from django.db import models
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from chat.models.chatbot import Chatbot
from chat.models.handles import handle_indexes
from chat.models.organization import Organization
from chat.text.direction import without_turns

if TYPE_CHECKING:
    from django_stubs_ext import StrPromise


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
    auto_reply_schedules = models.JSONField(
        _("hours of automatic replies"),
        default=list,
        blank=True,
        db_default=models.Value([], models.JSONField()),
        help_text=_(
            'Empty: always. Otherwise such as [{"weekday": 0, "isEnabled": true, '
            '"timeSlots": [["09:00", "18:00"]]}], where 0 is Monday.'
        ),
    )
    created_at = models.DateTimeField(_("created"), auto_now_add=True)
    updated_at = models.DateTimeField(_("updated"), auto_now=True, db_default=Now())

    class Meta:
        verbose_name = _("inbox")
        verbose_name_plural = _("inboxes")

    def __str__(self) -> str:
        return self.name


class AccessType(models.TextChoices):
    WEB = "web", _("Web")
    ADMIN = "admin", _("Admin")
    API = "api", "API"


NO_LIMIT = _("Empty: no limit.")


def _limit(
    name: StrPromise, usual: int, help_text: StrPromise = NO_LIMIT
) -> models.PositiveIntegerField[int | None, int | None]:
    return models.PositiveIntegerField(
        name, null=True, blank=True, default=usual, db_default=usual, help_text=help_text
    )


class WebChat(models.Model):
    """A chat that stands on a site: which chatbot answers, into which inbox, on which origins. Each chatbot
    has one of ``access_type`` API, for the conversations that programs begin.

    ``options`` are its other settings under the names that the API has for them. The limits of a day are
    counted in ``DailyUsage``; one that is 0 or None is none.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    organization = models.ForeignKey(Organization, models.CASCADE, related_name="web_chats")
    inbox = models.OneToOneField(Inbox, models.CASCADE, related_name="web_chat")
    chatbot = models.ForeignKey(Chatbot, models.CASCADE, related_name="web_chats")
    name = models.CharField(_("name"), max_length=255)
    access_type = models.CharField(
        _("reached by"), max_length=16, choices=AccessType, default=AccessType.WEB, db_default=AccessType.WEB
    )
    is_active = models.BooleanField(_("active"), default=True)
    enable_anonymous = models.BooleanField(
        _("strangers may write"),
        default=True,
        db_default=True,
        help_text=_("Off: only programs with an API key begin conversations here."),
    )
    options = models.JSONField(
        _("options"), default=dict, blank=True, db_default=models.Value({}, models.JSONField())
    )
    allowed_origins = models.JSONField(
        _("allowed origins"),
        default=list,
        blank=True,
        help_text=_('Sites that may embed it, such as ["https://example.com"]. Empty: this server only.'),
    )
    generation = models.PositiveIntegerField(
        _("generation"),
        default=1,
        db_default=1,
        editable=False,
        help_text=_("Raising it ends every visitor's token and every open page at once."),
    )
    identity_enforced = models.BooleanField(
        _("signed identity only"),
        default=False,
        db_default=False,
        help_text=_("Only visitors of whom the site has signed who they are may read and write."),
    )
    form = models.JSONField(
        _("form before the chat"),
        null=True,
        blank=True,
        help_text=_(
            'Empty: none. Otherwise such as {"fields": [{"name": "email", "label": "E-mail", '
            '"type": "email", "required": true}], '
            '"consent": {"text": "I agree.", "url": "https://example.com/privacy"}}.'
        ),
    )
    message_characters = _limit(
        _("characters of a message"), 8_000, _("Of one that a visitor sends. Empty: as many as 32 KB hold.")
    )
    messages_per_visitor = _limit(_("messages of a visitor a day"), 100)
    messages_per_address = _limit(
        _("messages of an address a day"),
        500,
        _("All visitors of an office or a school may share one address. Empty: no limit."),
    )
    messages_per_day = _limit(_("messages of all visitors a day"), 5_000)
    tokens_per_day = models.PositiveBigIntegerField(
        _("tokens of all replies a day"),
        null=True,
        blank=True,
        help_text=_(
            "What the model reads and writes. A reply begins only if its prompt and a quarter of the model's "
            "context still fit. Empty: no limit."
        ),
    )
    created_at = models.DateTimeField(_("created"), auto_now_add=True)
    updated_at = models.DateTimeField(_("updated"), auto_now=True)

    class Meta:
        verbose_name = _("web chat")
        verbose_name_plural = _("web chats")

    def __str__(self) -> str:
        return self.name


class Contact(models.Model):
    """Somebody outside the organization who writes to it, in one inbox or several.

    ``handles`` are their names in other networks, such as ``{"instagram": "…"}``. ``phone_digits`` are the
    digits of ``phone_number``, by which it is found however it is written. One that was deleted stays for the
    conversations it had.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    organization = models.ForeignKey(Organization, models.CASCADE, related_name="contacts")
    inboxes = models.ManyToManyField(Inbox, through="chat.ContactInbox", related_name="contacts")
    name = models.CharField(_("name"), max_length=255, blank=True)
    first_name = models.CharField(_("first name"), max_length=255, blank=True, db_default="")
    last_name = models.CharField(_("last name"), max_length=255, blank=True, db_default="")
    email = models.EmailField(_("e-mail"), blank=True)
    phone_number = models.CharField(_("telephone"), max_length=64, blank=True)
    phone_digits = models.CharField(max_length=64, blank=True, db_default="", editable=False)
    handles = models.JSONField(
        _("in other networks"), default=dict, blank=True, db_default=models.Value({}, models.JSONField())
    )
    avatar = models.URLField(_("picture"), max_length=511, blank=True)
    source_id = models.CharField(_("id at its source"), max_length=255, blank=True)
    query_metadata = models.JSONField(_("query metadata"), null=True, blank=True)
    #: What they said of themselves before their first chat: ``{"fields": {…}, "consent": {…}}``.
    profile = models.JSONField(
        _("answers before the chat"),
        default=dict,
        blank=True,
        db_default=models.Value({}, models.JSONField()),
    )
    created_at = models.DateTimeField(_("created"), auto_now_add=True)
    updated_at = models.DateTimeField(_("updated"), auto_now=True)
    deleted_at = models.DateTimeField(_("deleted"), null=True, blank=True, editable=False)

    class Meta:
        verbose_name = _("contact")
        verbose_name_plural = _("contacts")
        indexes = [
            models.Index(fields=["organization", "email"], name="contact_email"),
            models.Index(fields=["organization", "phone_digits"], name="contact_phone"),
            *handle_indexes(),
        ]

    def __str__(self) -> str:
        return without_turns(self.name) or str(self.id)


class ContactInbox(models.Model):
    """A contact in one of its inboxes; its ``source_id`` is nobody else's there."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    contact = models.ForeignKey(Contact, models.CASCADE, related_name="places")
    inbox = models.ForeignKey(Inbox, models.CASCADE, related_name="+")
    source_id = models.CharField(max_length=255, blank=True, editable=False)

    class Meta:
        verbose_name = _("contact in an inbox")
        verbose_name_plural = _("contacts in inboxes")
        constraints = [
            models.UniqueConstraint(fields=["contact", "inbox"], name="contact_once_in_inbox"),
            models.UniqueConstraint(
                fields=["inbox", "source_id"],
                condition=~models.Q(source_id=""),
                name="contact_source_once_in_inbox",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.contact} · {self.inbox}"
