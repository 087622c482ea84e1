"""Visitors of embedded chats, the tokens of their browsers, the secrets with which sites sign, and what was
counted of them today."""

from __future__ import annotations

from django.contrib import admin
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from unfold.paginator import InfinitePaginator

from chat.admin.scoping import RecordAdmin, RelatedFilter
from chat.models import EVERYBODY, DailyUsage, IdentitySecret, Visitor, VisitorToken


@admin.register(Visitor)
class VisitorAdmin(RecordAdmin):
    organization = "web_chat__organization"
    list_display = ("contact", "web_chat", "site", "verified", "created_at", "last_seen_at")
    list_filter = (("web_chat", RelatedFilter), "verified")
    list_select_related = ("contact", "web_chat")
    search_fields = ("contact__name", "contact__email", "site")
    ordering = ("-created_at",)
    paginator = InfinitePaginator


@admin.register(VisitorToken)
class VisitorTokenAdmin(RecordAdmin):
    """Of a token there is nothing here but when it was of use."""

    organization = "visitor__web_chat__organization"
    list_display = ("visitor", "created_at", "expires_at", "replaced_at", "revoked_at")
    list_select_related = ("visitor__contact", "visitor__web_chat")
    fields = ("visitor", "created_at", "used_at", "expires_at", "replaced_at", "revoked_at")
    ordering = ("-created_at",)
    paginator = InfinitePaginator


@admin.register(IdentitySecret)
class IdentitySecretAdmin(RecordAdmin):
    """They are made and removed on the page of their web chat."""

    organization = "web_chat__organization"
    list_display = ("prefix", "web_chat", "created_at")
    list_select_related = ("web_chat",)
    fields = ("web_chat", "prefix", "created_at")
    ordering = ("-created_at",)


@admin.register(DailyUsage)
class DailyUsageAdmin(RecordAdmin):
    """Of today and yesterday: how near a web chat is to the limits that it has."""

    organization = "web_chat__organization"
    list_display = ("web_chat", "day", "of_whom", "messages", "tokens_used", "tokens_reserved")
    list_filter = (("web_chat", RelatedFilter), "day")
    list_select_related = ("web_chat",)
    readonly_fields = ("of_whom",)
    fields = list_display
    ordering = ("-day", "who")
    paginator = InfinitePaginator

    @admin.display(description=_("of whom"), ordering="who")
    def of_whom(self, usage: DailyUsage) -> str:
        if usage.who == EVERYBODY:
            return gettext("everybody")
        return gettext("one visitor") if usage.who.startswith("visitor:") else gettext("one address")
