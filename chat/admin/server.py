"""What concerns the whole server: jobs, processes, log-in records. For superusers."""

from __future__ import annotations

from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from allauth.socialaccount.models import SocialAccount, SocialApp, SocialToken
from django.contrib import admin
from django.contrib.auth.models import Group
from unfold.paginator import InfinitePaginator

from chat.admin.scoping import SuperuserAdmin
from chat.models import Job, ProcessLease

# Roles are memberships here, identity providers come from the environment, and tokens are not stored.
admin.site.unregister([Group, SocialApp, SocialToken])
# Registered again below, in the admin's look, and without what is secret in them.
admin.site.unregister([EmailAddress, SocialAccount, Authenticator])


class ServerRecordAdmin(SuperuserAdmin):
    may_add = may_change = may_delete = False


@admin.register(Job)
class JobAdmin(ServerRecordAdmin):
    list_display = ("kind", "run_at", "attempts", "lease_until", "done_at", "last_error")
    list_filter = ("kind", ("done_at", admin.EmptyFieldListFilter))
    search_fields = ("kind", "last_error")
    ordering = ("-created_at",)
    paginator = InfinitePaginator


@admin.register(ProcessLease)
class ProcessLeaseAdmin(ServerRecordAdmin):
    list_display = ("name", "started_at", "beat_at")
    ordering = ("-beat_at",)


@admin.register(EmailAddress)
class EmailAddressAdmin(SuperuserAdmin):
    list_display = ("email", "user", "primary", "verified")
    list_filter = ("primary", "verified")
    list_select_related = ("user",)
    search_fields = ("email", "user__username")
    autocomplete_fields = ("user",)
    ordering = ("email",)


@admin.register(SocialAccount)
class SocialAccountAdmin(SuperuserAdmin):
    """Can be deleted, so that an account is freed of an identity that is not its owner's any more."""

    may_add = may_change = False
    list_display = ("user", "provider", "uid", "last_login", "date_joined")
    list_filter = ("provider",)
    list_select_related = ("user",)
    search_fields = ("uid", "user__username")
    fields = ("user", "provider", "uid", "last_login", "date_joined")
    ordering = ("-last_login",)


@admin.register(Authenticator)
class AuthenticatorAdmin(SuperuserAdmin):
    """Can be deleted, which lets in somebody who has lost their second factor. Its secret is not shown."""

    may_add = may_change = False
    list_display = ("user", "type", "created_at", "last_used_at")
    list_filter = ("type",)
    list_select_related = ("user",)
    search_fields = ("user__username", "user__email")
    fields = ("user", "type", "created_at", "last_used_at")
    ordering = ("-created_at",)
