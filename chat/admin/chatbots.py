"""What answers: chatbots and the language models that they use."""

from __future__ import annotations

from functools import partial
from typing import Any

from django.contrib import admin
from django.db.models import Model, Q, QuerySet
from django.http import HttpRequest
from django.urls import path, reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from chat.admin.forms import ChatbotForm, LanguageModelForm
from chat.admin.scoping import RelatedFilter, ScopedAdmin, is_superuser
from chat.admin.webhook_page import state, webhook_page
from chat.models import Chatbot, LanguageModel, Organization
from chat.services.integer_ids import integer_id


@admin.register(LanguageModel)
class LanguageModelAdmin(ScopedAdmin):
    """Superusers enter addresses and keys, because the server fetches the one and sends the other. Everybody
    else chooses by name among those of their organization and those meant for all."""

    form = LanguageModelForm
    list_display = ("name", "provider", "model", "organization", "updated_at")
    list_filter = ("provider", ("organization", RelatedFilter))
    list_select_related = ("organization",)
    search_fields = ("name", "model")
    ordering = ("name",)
    fieldsets = (
        (None, {"fields": ("name", "organization", "provider", "model", "chatbot_id")}),
        (_("Abilities"), {"fields": ("context_tokens", "takes_images")}),
        (_("Endpoint"), {"fields": ("url", "api_key")}),
    )

    def scope(
        self, rows: QuerySet[LanguageModel], organizations: QuerySet[Organization]
    ) -> QuerySet[LanguageModel]:
        return rows.filter(Q(organization=None) | Q(organization__in=organizations))

    def get_fieldsets(self, request: HttpRequest, obj: Model | None = None) -> Any:
        fieldsets = super().get_fieldsets(request, obj)
        return fieldsets if is_superuser(request) else fieldsets[:2]

    def has_add_permission(self, request: HttpRequest) -> bool:
        return is_superuser(request)

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return is_superuser(request)

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return is_superuser(request)


@admin.register(Chatbot)
class ChatbotAdmin(ScopedAdmin):
    form = ChatbotForm
    list_display = ("name", "organization", "language_model", "is_active", "updated_at")
    list_filter = ("is_active", ("organization", RelatedFilter))
    list_select_related = ("organization", "language_model")
    search_fields = ("name",)
    autocomplete_fields = ("language_model", "knowledge_bases")
    readonly_fields = ("ai_id", "webhook", "created_at", "updated_at")
    ordering = ("name",)
    fieldsets = (
        (None, {"fields": ("organization", "name", "is_active")}),
        (_("Answers"), {"fields": ("language_model", "instructions", "knowledge_bases")}),
        (_("First impression"), {"fields": ("greeting", "starters")}),
        (_("Webhook"), {"fields": ("webhook_url", "webhook_for_members", "webhook")}),
        (_("Connections"), {"fields": ("ai_id", "created_at", "updated_at")}),
    )

    @admin.display(description=_("ai_id for clients of MAAX"))
    def ai_id(self, chatbot: Chatbot) -> str:
        """Empty on the page that makes a new one."""
        return "" if chatbot._state.adding else str(integer_id("chatbot", chatbot.pk))

    def get_urls(self) -> list[Any]:
        page = partial(webhook_page, model_admin=self)
        name = "chat_chatbot_webhook"
        return [path("<uuid:id>/webhook/", self.admin_site.admin_view(page), name=name), *super().get_urls()]

    @admin.display(description=_("state"))
    def webhook(self, chatbot: Chatbot) -> str | SafeString:
        """Leads to the page with its secret and its calls."""
        if chatbot._state.adding:
            return "—"
        words = {"on": _("On"), "gone": _("Switched off by its receiver"), "none": _("No address")}
        return format_html(
            '<a class="parley-link" href="{}">{} · {}</a>',
            reverse("admin:chat_chatbot_webhook", args=[chatbot.pk]),
            words[state(chatbot)],
            _("secret and calls"),
        )

    def save_model(self, request: HttpRequest, obj: Chatbot, form: Any, change: bool) -> None:
        if "webhook_url" in form.changed_data:
            obj.webhook_gone_at = None  # that was the earlier receiver
        super().save_model(request, obj, form, change)

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        """One that has been talked to is switched off instead: its conversations would go with it."""
        if isinstance(obj, Chatbot) and obj.conversations.exists():
            return False
        return super().has_delete_permission(request, obj)
