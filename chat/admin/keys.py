"""API keys: made here, shown once, revoked here."""

from __future__ import annotations

from django.contrib import admin, messages
from django.db.models import Model, QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from chat.admin.forms import ApiKeyForm
from chat.admin.once import OnceShownAdmin
from chat.admin.scoping import RelatedFilter
from chat.models import ApiKey
from chat.services import keys

GIVEN = ("organization", "name", "scopes", "user", "expires_at")
KEPT = (
    "name",
    "prefix",
    "may_do",
    "organization",
    "user",
    "created_at",
    "expires_at",
    "last_used_at",
    "revoked_at",
)


@admin.register(ApiKey)
class ApiKeyAdmin(OnceShownAdmin):
    """Kept after they are revoked, so that it stays known what they were."""

    form = ApiKeyForm

    may_delete = False
    list_display = (
        "name",
        "prefix",
        "may_do",
        "organization",
        "user",
        "expires_at",
        "last_used_at",
        "revoked_at",
    )
    list_filter = (("organization", RelatedFilter),)
    list_select_related = ("organization", "user")
    search_fields = ("name", "prefix")
    autocomplete_fields = ("user",)
    readonly_fields = ("prefix", "may_do", "created_at", "revoked_at", "last_used_at")
    ordering = ("-created_at",)
    actions = ("revoke",)
    once_title = _("The key has been made")
    once_text = _("Copy it now: only its digest is kept, and it is not shown again.")

    def get_fields(self, request: HttpRequest, obj: Model | None = None) -> list[str]:
        return list(KEPT if obj else GIVEN)

    @admin.display(description=_("what it may do"))
    def may_do(self, key: ApiKey) -> str:
        """The widest scope holds the others; without any it holds everything."""
        words = {"read": _("read"), "write": _("read and write"), "admin": _("everything")}
        return str(
            next((words[one] for one in ("admin", "write", "read") if one in key.scopes), _("everything"))
        )

    def make(self, request: HttpRequest, obj: ApiKey) -> tuple[ApiKey, str]:
        return keys.create_api_key(
            organization=obj.organization,
            name=obj.name,
            user=obj.user,
            scopes=obj.scopes,
            expires_at=obj.expires_at,
        )

    @admin.action(description=_("Revoke the selected keys"))
    def revoke(self, request: HttpRequest, queryset: QuerySet[ApiKey]) -> None:
        count = keys.revoke_api_keys(queryset)
        done = ngettext("%(count)d key revoked.", "%(count)d keys revoked.", count) % {"count": count}
        messages.success(request, done)
