"""What answers: chatbots and the language models that they use."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.db.models import Model, Q, QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from chat.admin.forms import ChatbotForm
from chat.admin.scoping import RelatedFilter, ScopedAdmin, is_superuser
from chat.models import Chatbot, LanguageModel, Organization


@admin.register(LanguageModel)
class LanguageModelAdmin(ScopedAdmin):
    """Superusers enter addresses and keys, because the server fetches the one and sends the other. Everybody
    else chooses by name among those of their organization and those meant for all."""

    list_display = ("name", "provider", "model", "organization", "updated_at")
    list_filter = ("provider", ("organization", RelatedFilter))
    list_select_related = ("organization",)
    search_fields = ("name", "model")
    ordering = ("name",)
    fieldsets = (
        (None, {"fields": ("name", "organization", "provider", "model", "context_tokens")}),
        (_("Endpoint"), {"fields": ("url", "api_key")}),
    )

    def scope(
        self, rows: QuerySet[LanguageModel], organizations: QuerySet[Organization]
    ) -> QuerySet[LanguageModel]:
        return rows.filter(Q(organization=None) | Q(organization__in=organizations))

    def get_fieldsets(self, request: HttpRequest, obj: Model | None = None) -> Any:
        fieldsets = super().get_fieldsets(request, obj)
        return fieldsets if is_superuser(request) else fieldsets[:1]

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
    readonly_fields = ("created_at", "updated_at")
    ordering = ("name",)
    fieldsets = (
        (None, {"fields": ("organization", "name", "is_active")}),
        (_("Answers"), {"fields": ("language_model", "instructions", "knowledge_bases")}),
        (_("First impression"), {"fields": ("greeting", "starters")}),
        (_("Connections"), {"fields": ("webhook_url", "created_at", "updated_at")}),
    )

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        """One that has been talked to is switched off instead: its conversations would go with it."""
        if isinstance(obj, Chatbot) and obj.conversations.exists():
            return False
        return super().has_delete_permission(request, obj)
