"""What the admin's forms check before a row is saved."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from pathlib import PurePosixPath
from typing import Any

from django import forms
from django.core.files.uploadedfile import UploadedFile
from django.core.validators import FileExtensionValidator, URLValidator
from django.db.models import Model
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from unfold.widgets import (
    UnfoldAdminCheckboxSelectMultipleWidget,
    UnfoldAdminFileFieldWidget,
    UnfoldAdminPasswordWidget,
)

from chat.exceptions import BadRequest
from chat.models import Organization, Provider
from chat.models.addresses import ReceiverValidator
from chat.services.webhooks import check_address

DOCUMENT_BYTES = 5 * 1024 * 1024


class SecretField(forms.CharField):
    """Can be written but never read: the page says only whether it is set, and an empty field keeps it."""

    def __init__(self, **kwargs: Any) -> None:
        widget = UnfoldAdminPasswordWidget(attrs={"autocomplete": "new-password"})
        super().__init__(required=False, widget=widget, **kwargs)

    def has_changed(self, initial: Any, data: Any) -> bool:
        return bool(data)

    def say_whether_set(self, value: str) -> None:
        state = gettext("Set. Leave it empty to keep it.") if value else gettext("Not set.")
        self.help_text = f"{state} {self.help_text}".strip()


class SameOrganizationForm(forms.ModelForm):  # type: ignore[type-arg]  # not generic when it runs
    """Refuses to tie a row to one of another organization, and keeps secrets that were left empty."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name, field in self._secrets():
            field.say_whether_set(getattr(self.instance, name))

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        for name, _field in self._secrets():
            cleaned[name] = cleaned.get(name) or getattr(self.instance, name)
        organization = cleaned.get("organization") or _organization_of(self.instance)
        if organization is not None:
            self._refuse_foreign(organization, cleaned)
        return cleaned

    def _secrets(self) -> list[tuple[str, SecretField]]:
        return [(name, field) for name, field in self.fields.items() if isinstance(field, SecretField)]

    def _refuse_foreign(self, organization: Organization, cleaned: dict[str, Any]) -> None:
        for name, value in list(cleaned.items()):
            if any(_organization_id(row) not in (None, organization.pk) for row in _rows(value)):
                self.add_error(name, _("Choose what belongs to the same organization."))


class ApiKeyForm(SameOrganizationForm):
    """What a key may do is chosen from what there is."""

    scopes = forms.MultipleChoiceField(
        label=_("What it may do"),
        required=False,
        choices=[
            ("read", _("read")),
            ("write", _("write: begin conversations, post messages, keep contacts")),
            ("admin", _("admin: change and delete chatbots")),
        ],
        help_text=_("Each includes the ones above it. None at all: everything."),
        widget=UnfoldAdminCheckboxSelectMultipleWidget,
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        helps = {
            "name": _("By which you know it again, such as the program that uses it."),
            "user": _("Empty: it acts for the organization. Else for this member, and ends when they leave."),
            "expires_at": _("Empty: it works until you revoke it."),
        }
        for name in helps.keys() & self.fields.keys():
            self.fields[name].help_text = helps[name]

    def clean_expires_at(self) -> datetime | None:
        moment: datetime | None = self.cleaned_data["expires_at"]
        if moment and moment <= timezone.now():
            raise forms.ValidationError(_("Choose a moment that is still to come."))
        return moment


class DocumentForm(SameOrganizationForm):
    """Takes a document and gives its text as ``cleaned_data["document"]``."""

    document = forms.FileField(
        label=_("Document"),
        help_text=_("Markdown or plain text, at most 5 MB. One of the same name is replaced."),
        validators=[FileExtensionValidator(["md", "txt"])],
        widget=UnfoldAdminFileFieldWidget,
    )

    def clean_document(self) -> str:
        upload: UploadedFile[bytes] = self.cleaned_data["document"]
        self.instance.filename = PurePosixPath(upload.name or "").name
        if (upload.size or 0) > DOCUMENT_BYTES:
            raise forms.ValidationError(_("This document is over 5 MB. Divide it into smaller ones."))
        try:
            return str(upload.read(), "utf-8-sig")
        except UnicodeDecodeError:
            raise forms.ValidationError(_("This is not text in UTF-8.")) from None


class LanguageModelForm(SameOrganizationForm):
    """Asks for what the provider cannot do without."""

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean()
        provider = cleaned.get("provider")
        if provider in (Provider.OPENAI, Provider.MAIAGENT) and not cleaned.get("url"):
            self.add_error("url", _("Enter the address of the endpoint, such as https://api.openai.com/v1."))
        if provider == Provider.MAIAGENT and not cleaned.get("chatbot_id"):
            self.add_error("chatbot_id", _("Enter the id of the chatbot at MaiAgent that answers."))
        return cleaned


class ChatbotForm(SameOrganizationForm):
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if address := self.fields.get("webhook_url"):  # who may only look has no field
            address.validators = [
                ReceiverValidator() if isinstance(one, URLValidator) else one for one in address.validators
            ]

    def clean_webhook_url(self) -> str | None:
        url: str = self.cleaned_data["webhook_url"] or ""
        if not url:
            return None
        try:
            check_address(url)
        except BadRequest as error:
            raise forms.ValidationError(str(error.message)) from None
        return url

    def clean_starters(self) -> list[dict[str, str]]:
        starters = self.cleaned_data["starters"] or []
        if not isinstance(starters, list) or not all(_is_starter(starter) for starter in starters):
            raise forms.ValidationError(_('Each starter needs a text "title" and a text "text".'))
        return starters


def _is_starter(value: object) -> bool:
    return (
        isinstance(value, dict)
        and set(value) == {"title", "text"}
        and all(isinstance(text, str) and text for text in value.values())
    )


def _organization_of(row: Model) -> Organization | None:
    """Of a new row, whose organization is not chosen yet, there is none."""
    if getattr(row, "organization_id", None) is None:
        return None
    organization: Organization = row.organization  # type: ignore[attr-defined]  # has the id, so has the row
    return organization


def _organization_id(row: Model) -> Any:
    return getattr(row, "organization_id", None)


def _rows(value: Any) -> Iterable[Model]:
    if isinstance(value, Model):
        return [value]
    return [row for row in value if isinstance(row, Model)] if hasattr(value, "model") else []
