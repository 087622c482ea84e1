"""Organizations, their people, and invitations."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.contrib.auth.admin import UserAdmin as DjangoUserAdmin
from django.db.models import Count, Model, QuerySet
from django.forms import ModelForm
from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from unfold.decorators import display
from unfold.forms import AdminPasswordChangeForm, UserChangeForm, UserCreationForm

from chat.admin.once import OnceShownAdmin
from chat.admin.scoping import RelatedFilter, ScopedAdmin, is_superuser, person
from chat.admin.showing import Label
from chat.models import Invitation, Membership, Organization, Role, User
from chat.services import invitations, memberships


@admin.register(Organization)
class OrganizationAdmin(ScopedAdmin):
    organization = "pk"
    list_display = ("name", "people", "created_at")
    search_fields = ("name",)
    fields = ("name", "created_at")
    readonly_fields = ("created_at",)
    ordering = ("name",)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Organization]:
        rows: QuerySet[Organization] = super().get_queryset(request)
        return rows.annotate(people=Count("memberships", distinct=True))

    @admin.display(description=_("people"), ordering="people")
    def people(self, organization: Organization) -> int:
        return organization.people  # type: ignore[attr-defined,no-any-return]  # the annotation above

    def has_add_permission(self, request: HttpRequest) -> bool:
        return is_superuser(request)

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return is_superuser(request)


@admin.register(Membership)
class MembershipAdmin(ScopedAdmin):
    """Others than superusers add people by invitation, so that nobody is added without being asked."""

    list_display = ("user", "organization", "role", "created_at")
    list_filter = ("role", ("organization", RelatedFilter))
    list_select_related = ("user", "organization")
    search_fields = ("user__username", "user__display_name", "user__email")
    autocomplete_fields = ("user", "organization")
    readonly_fields = ("created_at",)
    ordering = ("organization", "created_at")

    def has_add_permission(self, request: HttpRequest) -> bool:
        return is_superuser(request)

    def get_readonly_fields(self, request: HttpRequest, obj: Model | None = None) -> tuple[str, ...]:
        fields = super().get_readonly_fields(request, obj)
        return (*fields, "user") if obj else fields

    def save_model(self, request: HttpRequest, obj: Membership, form: ModelForm[Any], change: bool) -> None:
        role = Role(obj.role)
        if change:
            memberships.set_role(membership=obj, role=role, by=person(request))
            return
        made = memberships.join(user=obj.user, organization=obj.organization, role=role)
        obj.pk = made.pk
        obj.refresh_from_db()

    def delete_model(self, request: HttpRequest, obj: Membership) -> None:
        memberships.remove_member(membership=obj, by=person(request))

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[Membership]) -> None:
        for membership in queryset.select_related("organization", "user"):
            self.delete_model(request, membership)


@admin.register(Invitation)
class InvitationAdmin(OnceShownAdmin):
    list_display = ("email", "organization", "role", "invited_by", "created_at", "state")
    list_filter = ("role", ("organization", RelatedFilter))
    list_select_related = ("organization", "invited_by")
    search_fields = ("email",)
    fields = ("organization", "email", "role", "invited_by", "created_at", "expires_at", "accepted_at")
    readonly_fields = ("invited_by", "created_at", "expires_at", "accepted_at")
    ordering = ("-created_at",)
    once_title = _("The invitation is on its way")
    once_text = _("It was sent by e-mail. If it does not arrive, pass this link on. It is shown only now.")

    def get_fields(self, request: HttpRequest, obj: Model | None = None) -> tuple[str, ...]:
        return self.fields if obj else ("organization", "email", "role")

    @display(description=_("state"), label={"open": "info", "accepted": "success", "expired": "warning"})  # type: ignore[untyped-decorator]
    def state(self, invitation: Invitation) -> Label:
        if invitation.accepted_at:
            return Label("accepted", gettext("Accepted"))
        if invitation.expires_at <= timezone.now():
            return Label("expired", gettext("Expired"))
        return Label("open", gettext("Open"))

    def make(self, request: HttpRequest, obj: Invitation) -> tuple[Invitation, str]:
        return invitations.invite(
            organization=obj.organization,
            email=obj.email,
            role=Role(obj.role),
            by=person(request),
            base_url=request.build_absolute_uri("/"),
        )


class NewUserForm(UserCreationForm):  # type: ignore[misc]
    class Meta:
        model = User
        fields = ("username", "email")


@admin.register(User)
class UserAdmin(DjangoUserAdmin, ScopedAdmin):  # type: ignore[type-arg,misc]
    """Accounts are edited by superusers only: a person may belong to other organizations too."""

    form = UserChangeForm
    add_form = NewUserForm
    change_password_form = AdminPasswordChangeForm
    list_display = ("username", "display_name", "email", "is_active", "is_staff", "last_login")
    list_filter = ("is_active", "is_staff", "is_superuser")
    search_fields = ("username", "display_name", "email")
    ordering = ("username",)
    filter_horizontal = ()
    readonly_fields = ("last_login", "date_joined")
    fieldsets = (
        (None, {"fields": ("username", "password")}),
        (_("Person"), {"fields": ("display_name", "email", "language")}),
        (_("Rights"), {"fields": ("is_active", "is_staff", "is_superuser")}),
        (_("Dates"), {"fields": ("last_login", "date_joined")}),
    )
    add_fieldsets = (
        (None, {"classes": ("wide",), "fields": ("username", "email", "password1", "password2")}),
    )
    others_fieldsets = ((None, {"fields": ("username", "display_name", "email", "is_active", "last_login")}),)

    def scope(self, rows: QuerySet[User], organizations: QuerySet[Organization]) -> QuerySet[User]:
        theirs = Membership.objects.filter(organization__in=organizations)
        return rows.filter(pk__in=theirs.values("user"))

    def get_fieldsets(self, request: HttpRequest, obj: Model | None = None) -> Any:
        return super().get_fieldsets(request, obj) if is_superuser(request) else self.others_fieldsets

    def get_list_filter(self, request: HttpRequest) -> Any:
        return self.list_filter if is_superuser(request) else ("is_active",)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return is_superuser(request)

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return is_superuser(request)

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return is_superuser(request)
