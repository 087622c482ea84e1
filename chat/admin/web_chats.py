"""Web chats: how they look, on which sites they stand, and the switch that closes them at once."""

from __future__ import annotations

from functools import partial
from typing import Any

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest
from django.urls import path, reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext, ngettext, pgettext
from django.utils.translation import gettext_lazy as _
from unfold.decorators import display

from chat.admin.scoping import RelatedFilter, ScopedAdmin, person
from chat.admin.showing import NOTHING, Label
from chat.admin.web_chat_form import (
    ADDRESSES,
    APPS,
    LIMITS,
    SWITCHES,
    TEXTS,
    WebChatForm,
    program_fields,
    theme_fields,
)
from chat.admin.web_chat_page import web_chat_page
from chat.models import AccessType, WebChat
from chat.services import web_chats


@admin.register(WebChat)
class WebChatAdmin(ScopedAdmin):
    """Whether it is open is changed by its own buttons, never by saving the form."""

    form = WebChatForm
    list_display = ("name", "organization", "inbox", "chatbot", "state", "updated_at")
    list_filter = ("is_active", "access_type", ("organization", RelatedFilter))
    list_select_related = ("organization", "inbox", "chatbot")
    search_fields = ("name",)
    autocomplete_fields = ("inbox", "chatbot")
    readonly_fields = ("access_type", "embedding", "created_at", "updated_at")
    ordering = ("name",)
    actions = ("pause", "resume")
    fieldsets = (
        (None, {"fields": ("organization", "name", "inbox", "chatbot", "embedding")}),
        (_("Sites"), {"fields": ("allowed_origins", *APPS)}),
        (_("Visitors"), {"fields": ("enable_anonymous", "identity_enforced", "form")}),
        (_("Limits for visitors"), {"fields": LIMITS}),
        (_("Look"), {"fields": (*TEXTS, *ADDRESSES, "defaultThemeMode", *SWITCHES)}),
        (_("Colours of the light look"), {"classes": ("collapse",), "fields": theme_fields("theme")}),
        (_("Colours of the dark look"), {"classes": ("collapse",), "fields": theme_fields("darkTheme")}),
        (
            _("For programs that show the chat themselves"),
            {"classes": ("collapse",), "fields": program_fields()},
        ),
        (_("Connections"), {"fields": ("access_type", "created_at", "updated_at")}),
    )

    def get_urls(self) -> list[Any]:
        page = partial(web_chat_page, model_admin=self)
        name = "chat_webchat_page"
        return [
            path("<uuid:id>/embedding/", self.admin_site.admin_view(page), name=name),
            *super().get_urls(),
        ]

    @display(description=_("state"), label={"open": "success", "paused": "danger"})  # type: ignore[untyped-decorator]
    def state(self, web_chat: WebChat) -> Label:
        return state_of(web_chat)

    @admin.display(description=_("state"))
    def embedding(self, web_chat: WebChat) -> str | SafeString:
        """Leads to the page with the switch, the snippet and the identity secrets."""
        if web_chat._state.adding or web_chat.access_type != AccessType.WEB:
            return NOTHING
        return format_html(
            '<a class="parley-link" href="{}">{} · {}</a>',
            reverse("admin:chat_webchat_page", args=[web_chat.pk]),
            state_of(web_chat),
            _("pause, snippet and identity"),
        )

    def save_model(self, request: HttpRequest, obj: WebChat, form: Any, change: bool) -> None:
        """Only what the form has: somebody may be pausing it at this moment."""
        if not change:
            super().save_model(request, obj, form, change)
            return
        columns = {field.name for field in WebChat._meta.concrete_fields}
        obj.save(update_fields=[*(columns & form.cleaned_data.keys()), "options", "updated_at"])

    @admin.action(description=_("Pause the selected web chats"))
    def pause(self, request: HttpRequest, queryset: QuerySet[WebChat]) -> None:
        for web_chat in (chosen := list(queryset)):
            web_chats.pause(web_chat, by=f"member:{person(request).pk}")
            self.log_change(request, web_chat, gettext("Paused."))
        said = ngettext("%(count)d web chat is paused.", "%(count)d web chats are paused.", len(chosen))
        messages.success(request, said % {"count": len(chosen)})

    @admin.action(description=_("Resume the selected web chats"))
    def resume(self, request: HttpRequest, queryset: QuerySet[WebChat]) -> None:
        for web_chat in (chosen := list(queryset)):
            web_chats.resume(web_chat)
            self.log_change(request, web_chat, gettext("Resumed."))
        said = ngettext(
            "%(count)d web chat is open again.", "%(count)d web chats are open again.", len(chosen)
        )
        messages.success(request, said % {"count": len(chosen)})


def state_of(web_chat: WebChat) -> Label:
    return (
        Label("open", pgettext("web chat", "Open"))
        if web_chat.is_active
        else Label("paused", gettext("Paused"))
    )
