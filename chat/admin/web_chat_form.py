"""The form of a web chat: its sites, one in each line, and its options, a field for each."""

from __future__ import annotations

import re
from typing import Any

from django import forms
from django.core.validators import MinValueValidator, RegexValidator
from django.utils.text import format_lazy
from django.utils.translation import gettext_lazy as _
from unfold.widgets import (
    UnfoldAdminColorInputWidget,
    UnfoldAdminSelectWidget,
    UnfoldAdminTextareaWidget,
    UnfoldAdminTextInputWidget,
    UnfoldAdminURLInputWidget,
    UnfoldBooleanSwitchWidget,
)

from chat.admin.forms import SameOrganizationForm
from chat.exceptions import BadRequest
from chat.services.profiles import check_form
from chat.services.sites import sites_in
from chat.shapes.web_chats import DARK_THEME, OPTIONS, THEME

#: What the page of a web chat shows, under the names of ``OPTIONS``.
TEXTS = {"description": _("Description")}
ADDRESSES = {
    "logo": _("Address of the logo"),
    "avatar": _("Address of the picture beside replies"),
    "cover": _("Address of the picture above the first message"),
    "backUrl": _("Where “Back” leads on the full page"),
}
SWITCHES = {
    "enableFileUpload": _("Visitors may attach files"),
    "enableDisplayCitations": _("Replies show their sources"),
    "enableThemeModeToggle": _("Visitors may choose light or dark"),
    "enableShowPoweredBy": _("“Powered by Parley” below the chat"),
}
#: Ours, not the API's.
APPS = {"webView": _("Apps may show it")}
#: What programs read that show the chat themselves. The page of this server has none of it.
FOR_PROGRAMS = {
    "enableSpeech": _("Speech"),
    "enableLocation": _("Location"),
    "enableShareConversation": _("Sharing a conversation"),
    "enableDisplayToolResults": _("Results of tools"),
    "enableDownloadCitations": _("Downloading sources"),
}
MODES = [("light", _("Light")), ("dark", _("Dark")), ("system", _("As the visitor's system is"))]
COLOURS = {
    "primaryColor": _("Buttons and bar"),
    "navbarTextColor": _("Text in the bar"),
    "conversationBackgroundColor": _("Ground"),
    "chatbotMessageTextColor": _("Text of replies"),
    "chatbotMessageBackgroundColor": _("Ground of replies"),
    "userMessageTextColor": _("Text of visitors"),
    "userMessageBackgroundColor": _("Ground of visitors' messages"),
}
#: The same, of each theme.
COLOURS_FOR_PROGRAMS = {"dialogColor": _("Dialogs")}
SHADOWS = {
    "chatbotMessageBackgroundShadowEnabled": _("Shadow below replies"),
    "userMessageBackgroundShadowEnabled": _("Shadow below visitors' messages"),
}
#: What visitors may do in a day, and how much they may write at once.
LIMITS = (
    *("message_characters", "messages_per_visitor", "messages_per_address", "messages_per_day"),
    "tokens_per_day",
)
#: The option and what it is until somebody sets it.
THEMES = {"theme": THEME, "darkTheme": DARK_THEME}
_HEX = re.compile(r"#[0-9a-fA-F]{6}")
_COLOUR = RegexValidator(
    r"^(#[0-9a-fA-F]{3}|#[0-9a-fA-F]{6}|rgba?\([0-9., %/]{5,40}\))\Z",
    _("This is no colour such as #3854d8 or rgb(56, 84, 216)."),
)


def theme_fields(theme: str) -> list[str]:
    return [f"{theme}_{name}" for name in (*COLOURS, *SHADOWS)]


def program_fields() -> list[str]:
    return [*FOR_PROGRAMS, *(f"{theme}_{name}" for theme in THEMES for name in COLOURS_FOR_PROGRAMS)]


def _switch(label: Any) -> forms.BooleanField:
    return forms.BooleanField(label=label, required=False, widget=UnfoldBooleanSwitchWidget)


def _option_fields() -> dict[str, forms.Field]:
    fields: dict[str, forms.Field] = {
        name: forms.CharField(
            label=label, required=False, max_length=1000, widget=UnfoldAdminTextareaWidget(attrs={"rows": 3})
        )
        for name, label in TEXTS.items()
    }
    for name, label in ADDRESSES.items():
        fields[name] = forms.URLField(
            label=label,
            required=False,
            max_length=511,
            assume_scheme="https",
            widget=UnfoldAdminURLInputWidget,
        )
    fields["defaultThemeMode"] = forms.ChoiceField(
        label=_("Light or dark"), choices=MODES, widget=UnfoldAdminSelectWidget
    )
    fields |= {name: _switch(label) for name, label in (SWITCHES | FOR_PROGRAMS | APPS).items()}
    fields["webView"].help_text = _(
        "The browser inside an app of yours, whose pages have no origin to allow. Then any app may."
    )
    for theme, look in zip(THEMES, (_("Light"), _("Dark")), strict=True):
        both = {name: format_lazy("{}: {}", label, look) for name, label in COLOURS_FOR_PROGRAMS.items()}
        for name, label in (COLOURS | both).items():
            fields[f"{theme}_{name}"] = forms.CharField(
                label=label, required=False, validators=[_COLOUR], widget=UnfoldAdminColorInputWidget
            )
        fields |= {f"{theme}_{name}": _switch(label) for name, label in SHADOWS.items()}
    return fields


def _at_least_one(field: Any) -> None:
    """0 would be no limit, as nothing is, and looks like the opposite."""
    field.min_value = 1
    field.validators.append(MinValueValidator(1))
    field.widget.attrs["min"] = 1


class WebChatForm(SameOrganizationForm):
    """Keeps every option that it has no field for."""

    allowed_origins = forms.CharField(
        label=_("Allowed sites"),
        required=False,
        help_text=_(
            "One in each line, such as https://www.example.com. https://*.example.com is every sub-domain, a "
            "lone * every site. Empty: this server only."
        ),
        widget=UnfoldAdminTextareaWidget(attrs={"rows": 4, "spellcheck": "false"}),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if isinstance(stored := self.instance.allowed_origins, list):
            self.initial["allowed_origins"] = "\n".join(map(str, stored))
        self.initial.update((name, value) for name, value in self._stored().items() if name in self.fields)
        for name in LIMITS:
            _at_least_one(self.fields[name])
        for name, field in self.fields.items():
            if isinstance(field.widget, UnfoldAdminColorInputWidget) and not _HEX.fullmatch(
                str(self.initial[name])
            ):
                field.widget = UnfoldAdminTextInputWidget()  # the browser's picker would show black

    def _stored(self) -> dict[str, Any]:
        """The options as the form has them: themes taken apart, and of what is not set what is shown."""
        options = OPTIONS | _mapping(self.instance.options)
        taken_apart = {
            f"{theme}_{name}": value
            for theme, usual in THEMES.items()
            for name, value in (usual | _mapping(options[theme])).items()
        }
        return dict.fromkeys(APPS, False) | options | taken_apart

    def clean_allowed_origins(self) -> list[str]:
        try:
            return sites_in(self.cleaned_data["allowed_origins"])
        except BadRequest as error:
            raise forms.ValidationError(str(error.message)) from None

    def clean_form(self) -> Any:
        form = self.cleaned_data["form"] or None
        try:
            check_form(form)
        except BadRequest as error:
            raise forms.ValidationError(str(error.message)) from None
        return form

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean()
        if self.errors:
            return cleaned
        options = _mapping(self.instance.options)
        for name in (*TEXTS, *ADDRESSES, *SWITCHES, *FOR_PROGRAMS, "defaultThemeMode"):
            _set(options, name, cleaned[name], OPTIONS[name])
        for name in APPS:
            _set(options, name, cleaned[name], False)
        for theme, usual in THEMES.items():
            colours = _mapping(options.get(theme))
            for name in (*COLOURS, *COLOURS_FOR_PROGRAMS, *SHADOWS):
                _set(colours, name, cleaned[f"{theme}_{name}"], usual[name])
            _set(options, theme, colours, {})
        self.instance.options = options
        return cleaned


WebChatForm.declared_fields.update(_option_fields())
WebChatForm.base_fields.update(WebChatForm.declared_fields)


def _set(options: dict[str, Any], name: str, value: Any, usual: Any) -> None:
    """What is as usual is not stored: it stays as usual when that changes."""
    if value in (usual, "", None):
        options.pop(name, None)
    else:
        options[name] = value


def _mapping(value: Any) -> dict[str, Any]:
    return dict(value) if isinstance(value, dict) else {}
