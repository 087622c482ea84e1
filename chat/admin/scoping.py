"""Who sees what in the admin.

A superuser sees everything. Other staff see and change the rows of the organizations that they own or
administer: their membership decides, Django's permission tables do not. Absent and foreign rows look alike.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import TYPE_CHECKING, Any, ClassVar

from django.contrib import admin, messages
from django.contrib.admin.exceptions import NotRegistered
from django.core.exceptions import PermissionDenied
from django.db.models import Field, ForeignKey, ManyToManyField, Model, QuerySet, URLField
from django.forms import Field as FormField
from django.forms import ModelChoiceField
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.text import capfirst
from unfold.admin import ModelAdmin

from chat.admin.forms import SameOrganizationForm, SecretField
from chat.admin.showing import NOTHING, dashes
from chat.exceptions import ChatError
from chat.models import Organization, User
from chat.models.fields import EncryptedTextField
from chat.services.memberships import administered_by

if TYPE_CHECKING:
    from django_stubs_ext import StrPromise

View = Callable[..., HttpResponse]


def person(request: HttpRequest) -> User:
    """Who asks; the admin site lets nobody in who is not logged in."""
    if not request.user.is_authenticated:
        raise PermissionDenied
    return request.user


def is_superuser(request: HttpRequest) -> bool:
    return request.user.is_authenticated and request.user.is_superuser


def organizations_of(request: HttpRequest) -> QuerySet[Organization]:
    """The organizations that whoever asks may manage; not for superusers, who need none."""
    return administered_by(request.user) if request.user.is_authenticated else Organization.objects.none()


def _manages_any(request: HttpRequest) -> bool:
    """Asked dozens of times for one page (once for each model and right), so remembered with the request."""
    known: bool | None = vars(request).get("_manages_any")
    if known is None:
        known = vars(request)["_manages_any"] = organizations_of(request).exists()
    return known


def tells_errors(view: View) -> View:
    """Tell a ``ChatError`` on the page it came from. The transaction has been rolled back by then."""

    @wraps(view)
    def told(self: ScopedAdmin, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        try:
            return view(self, request, *args, **kwargs)
        except ChatError as error:
            messages.error(request, str(error.message))
            return redirect(request.get_full_path())

    return told


class RelatedFilter(admin.RelatedFieldListFilter):
    """A filter by a related row, which names only rows that whoever asks may see."""

    def field_choices(
        self, field: Any, request: HttpRequest, model_admin: admin.ModelAdmin[Any]
    ) -> list[tuple[str, str | StrPromise]]:
        rows = _visible(model_admin.admin_site, field.remote_field.model, request)
        choices: list[tuple[str, str | StrPromise]] = field.get_choices(
            include_blank=False, limit_choices_to={"pk__in": rows.values("pk")}
        )
        return choices


class ScopedAdmin(ModelAdmin):  # type: ignore[misc]  # unfold is not typed
    """``organization`` is the lookup that leads from a row to its organization."""

    organization: ClassVar[str] = "organization"
    may_add: ClassVar[bool] = True
    may_change: ClassVar[bool] = True
    may_delete: ClassVar[bool] = True
    form = SameOrganizationForm
    list_per_page = 50
    empty_value_display = NOTHING
    show_full_result_count = False
    list_filter_submit = True
    warn_unsaved_form = True

    def __init__(self, model: type[Model], site: admin.AdminSite) -> None:
        super().__init__(model, site)
        self.readonly_preprocess_fields = dashes(model)

    def scope(self, rows: QuerySet[Any], organizations: QuerySet[Organization]) -> QuerySet[Any]:
        return rows.filter(**{f"{self.organization}__in": organizations})

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        rows: QuerySet[Any] = super().get_queryset(request)
        return rows if is_superuser(request) else self.scope(rows, organizations_of(request))

    # Rights

    def has_module_permission(self, request: HttpRequest) -> bool:
        return self.has_view_permission(request)

    def has_view_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return is_superuser(request) or self._manages(request, obj)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return self.may_add and self.has_view_permission(request)

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return self.may_change and self.has_view_permission(request, obj)

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return self.may_delete and self.has_view_permission(request, obj)

    def _manages(self, request: HttpRequest, obj: Model | None) -> bool:
        if obj is None:
            return _manages_any(request)
        row = self.model._default_manager.filter(pk=obj.pk)
        return self.scope(row, organizations_of(request)).exists()

    # Forms

    def get_readonly_fields(self, request: HttpRequest, obj: Model | None = None) -> tuple[str, ...]:
        """A row does not move to another organization: what belongs to it would stay behind."""
        fields: tuple[str, ...] = tuple(super().get_readonly_fields(request, obj))
        return (*fields, "organization") if obj is not None and _has_organization(obj) else fields

    def formfield_for_dbfield(
        self, db_field: Field[Any, Any], request: HttpRequest, **kwargs: Any
    ) -> FormField | None:
        if isinstance(db_field, EncryptedTextField):
            return SecretField(label=capfirst(db_field.verbose_name), help_text=db_field.help_text)
        if isinstance(db_field, URLField):
            kwargs.setdefault("assume_scheme", "https")
        field: FormField | None = super().formfield_for_dbfield(db_field, request, **kwargs)
        return field

    def formfield_for_foreignkey(
        self, db_field: ForeignKey[Any, Any], request: HttpRequest, **kwargs: Any
    ) -> ModelChoiceField[Any] | None:
        kwargs.setdefault("queryset", _visible(self.admin_site, db_field.related_model, request))
        field: ModelChoiceField[Any] | None = super().formfield_for_foreignkey(db_field, request, **kwargs)
        if field is not None and db_field.related_model is Organization:
            _preselect_the_only_one(field)
        return field

    def formfield_for_manytomany(
        self, db_field: ManyToManyField[Any, Any], request: HttpRequest, **kwargs: Any
    ) -> Any:
        kwargs.setdefault("queryset", _visible(self.admin_site, db_field.related_model, request))
        return super().formfield_for_manytomany(db_field, request, **kwargs)

    def get_deleted_objects(self, objs: Any, request: HttpRequest) -> Any:
        """Records go with what they belong to, although nobody may delete one alone: what counts is whether
        the rows themselves may be deleted."""
        rows, counts, _needed, protected = super().get_deleted_objects(objs, request)
        refused = not all(self.has_delete_permission(request, obj) for obj in objs)
        return rows, counts, {self.opts.verbose_name} if refused else set(), protected

    # Views

    @tells_errors
    def changeform_view(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        response: HttpResponse = super().changeform_view(request, *args, **kwargs)
        return response

    @tells_errors
    def delete_view(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        response: HttpResponse = super().delete_view(request, *args, **kwargs)
        return response

    @tells_errors
    def changelist_view(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        response: HttpResponse = super().changelist_view(request, *args, **kwargs)
        return response


class RecordAdmin(ScopedAdmin):
    """What has happened: looked at, never written. It goes when what it belongs to is deleted."""

    may_add = may_change = may_delete = False


class SuperuserAdmin(ScopedAdmin):
    """What concerns the whole server."""

    def scope(self, rows: QuerySet[Any], organizations: QuerySet[Organization]) -> QuerySet[Any]:
        return rows.none()

    def has_view_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return is_superuser(request)


def _visible(site: admin.AdminSite, model: Any, request: HttpRequest) -> QuerySet[Any]:
    """The rows of a model that its own admin shows to whoever asks; none of a model that has no admin."""
    try:
        return site.get_model_admin(model).get_queryset(request)
    except NotRegistered:
        rows: QuerySet[Any] = model._default_manager.none()
        return rows


def _has_organization(obj: Model) -> bool:
    return any(field.name == "organization" for field in obj._meta.concrete_fields)


def _preselect_the_only_one(field: ModelChoiceField[Any]) -> None:
    """Who manages one organization has no choice to make, and what their browser sends is not asked."""
    organizations = list(field.queryset[:2]) if field.queryset is not None else []
    if len(organizations) == 1 and field.required:
        field.initial, field.disabled = organizations[0].pk, True
