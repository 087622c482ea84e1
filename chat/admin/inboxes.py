"""Where conversations come in: inboxes, web chats and contacts."""

from __future__ import annotations

from django.contrib import admin
from django.db.models import Model
from django.http import HttpRequest
from unfold.paginator import InfinitePaginator

from chat.admin.forms import WebChatForm
from chat.admin.scoping import RelatedFilter, ScopedAdmin
from chat.models import Contact, Inbox, WebChat


@admin.register(Inbox)
class InboxAdmin(ScopedAdmin):
    list_display = ("name", "organization", "channel_type", "created_at")
    list_filter = ("channel_type", ("organization", RelatedFilter))
    list_select_related = ("organization",)
    search_fields = ("name",)
    readonly_fields = ("created_at",)
    ordering = ("name",)

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        """One with conversations stays: they would go with it."""
        if isinstance(obj, Inbox) and obj.conversations.exists():
            return False
        return super().has_delete_permission(request, obj)


@admin.register(WebChat)
class WebChatAdmin(ScopedAdmin):
    form = WebChatForm
    list_display = ("name", "organization", "inbox", "chatbot", "is_active", "updated_at")
    list_filter = ("is_active", ("organization", RelatedFilter))
    list_select_related = ("organization", "inbox", "chatbot")
    search_fields = ("name",)
    autocomplete_fields = ("inbox", "chatbot")
    readonly_fields = ("created_at", "updated_at")
    ordering = ("name",)


@admin.register(Contact)
class ContactAdmin(ScopedAdmin):
    """Everything in a contact may come from a stranger, so no address of theirs becomes a link here."""

    list_display = ("__str__", "email", "phone_number", "inbox", "created_at")
    list_filter = (("inbox", RelatedFilter),)
    list_select_related = ("inbox",)
    search_fields = ("name", "email", "phone_number", "source_id")
    autocomplete_fields = ("inbox",)
    readonly_fields = ("avatar", "source_id", "query_metadata", "created_at", "updated_at")
    ordering = ("-created_at",)
    paginator = InfinitePaginator
