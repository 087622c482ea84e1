"""What concerns the whole server: jobs, processes, log-in records. For superusers."""

from __future__ import annotations

from typing import Any

from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from allauth.socialaccount.models import SocialAccount, SocialApp, SocialToken
from django.contrib import admin, messages
from django.contrib.auth.models import Group
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.text import Truncator
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext
from unfold.decorators import display
from unfold.paginator import InfinitePaginator

from chat.admin.scoping import SuperuserAdmin, person
from chat.admin.showing import Label
from chat.jobs import queue
from chat.models import IntegerId, Job, JobState, ProcessLease
from chat.models.job import STATE

# Roles are memberships here, identity providers come from the environment, and tokens are not stored.
admin.site.unregister([Group, SocialApp, SocialToken])
# Registered again below, in the admin's look, and without what is secret in them.
admin.site.unregister([EmailAddress, SocialAccount, Authenticator])


class ServerRecordAdmin(SuperuserAdmin):
    may_add = may_change = may_delete = False


class StateFilter(admin.SimpleListFilter):
    title = _("state")
    parameter_name = "state"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return list(JobState.choices)

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        return queryset.filter(state=self.value()) if self.value() in JobState.values else queryset


@admin.register(IntegerId)
class IntegerIdAdmin(ServerRecordAdmin):
    list_display = ("id", "kind", "object")
    list_filter = ("kind",)
    ordering = ("-id",)
    paginator = InfinitePaginator


@admin.register(Job)
class JobAdmin(ServerRecordAdmin):
    """The payload is nobody's to read: e-mails are in it."""

    list_display = ("kind", "state_label", "run_at", "attempts", "error", "created_at", "done_at")
    list_filter = (StateFilter, "kind")
    fields = (
        "kind",
        "state_label",
        "dedupe_key",
        "attempts",
        "run_at",
        "lease_until",
        "created_at",
        "done_at",
        "last_error",
    )
    search_fields = ("id__startswith", "last_error")
    ordering = ("-created_at",)
    paginator = InfinitePaginator
    actions = ("run_now", "give_up")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Job]:
        rows: QuerySet[Job] = super().get_queryset(request)
        return rows.annotate(state=STATE)

    @display(  # type: ignore[untyped-decorator]
        description=_("state"),
        label={JobState.RUNNING: "info", JobState.DONE: "success", JobState.FAILED: "danger"},
    )
    def state_label(self, job: Job) -> Label:
        state = JobState(job.state)  # type: ignore[attr-defined]  # the annotation above
        return Label(state, str(state.label))

    @admin.display(description=_("last error"))
    def error(self, job: Job) -> str:
        return Truncator(job.last_error).chars(80)

    @admin.action(description=_("Run now"), permissions=["view"])
    def run_now(self, request: HttpRequest, queryset: QuerySet[Job]) -> None:
        done = sum(queue.run_now(job.pk) for job in queryset)
        said = ngettext("%(count)d job is due now.", "%(count)d jobs are due now.", done)
        messages.success(request, said % {"count": done})

    @admin.action(description=_("Give up"), permissions=["view"])
    def give_up(self, request: HttpRequest, queryset: QuerySet[Job]) -> None:
        done = sum(queue.give_up(job.pk, f"Given up by {person(request)}.") for job in queryset)
        said = ngettext("%(count)d job was given up.", "%(count)d jobs were given up.", done)
        messages.success(request, said % {"count": done})


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
