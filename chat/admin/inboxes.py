"""Where conversations come in: inboxes and contacts."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.db.models import Model
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _
from unfold.admin import TabularInline
from unfold.paginator import InfinitePaginator

from chat.admin.scoping import RecordAdmin, RelatedFilter, ScopedAdmin
from chat.admin.showing import plain
from chat.models import Contact, ContactInbox, Inbox
from chat.services.contacts import digits_of


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


class PlacesInline(TabularInline):  # type: ignore[misc]  # unfold is not typed
    model = ContactInbox
    fields = ("inbox", "source_id")
    readonly_fields = ("inbox", "source_id")
    extra = 0
    can_delete = False

    def has_add_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def has_view_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return True  # whoever sees the contact sees where it is


@admin.register(Contact)
class ContactAdmin(ScopedAdmin):
    """Everything in a contact may come from a stranger, so no address of theirs becomes a link here."""

    list_display = (
        "__str__",
        plain("email", _("e-mail")),
        plain("phone_number", _("telephone")),
        "created_at",
    )
    list_filter = (("inboxes", RelatedFilter),)
    search_fields = ("name", "email", "phone_number", "source_id")
    inlines = (PlacesInline,)
    readonly_fields = ("avatar", "source_id", "handles", "query_metadata", "created_at", "updated_at")
    ordering = ("-created_at",)
    paginator = InfinitePaginator

    def save_model(self, request: HttpRequest, obj: Contact, form: Any, change: bool) -> None:
        """As programs store it, so that they find it again."""
        obj.email, obj.phone_digits = obj.email.lower(), digits_of(obj.phone_number)
        super().save_model(request, obj, form, change)


@admin.register(ContactInbox)
class ContactInboxAdmin(RecordAdmin):
    organization = "contact__organization"
    list_display = ("contact", "inbox", "source_id")
    list_select_related = ("contact", "inbox")
    paginator = InfinitePaginator
