"""How the admin's pages show values that would else be codes."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, NamedTuple
from uuid import UUID

from django.contrib import admin
from django.db.models import JSONField, Model
from django.urls import reverse
from django.utils.html import format_html, strip_tags
from django.utils.safestring import SafeString
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from chat.models import ApiKey, Contact, User
from chat.text.direction import without_turns

if TYPE_CHECKING:
    from django.utils.functional import _StrPromise

NOTHING = "—"
KINDS = {"member": _("Member"), "visitor": _("Visitor"), "key": _("API key"), "system": _("Parley")}
MODELS: dict[str, type[Model]] = {"member": User, "visitor": Contact, "key": ApiKey}


class Label(NamedTuple):
    """In lists ``value`` chooses the colour; a row's own page, which has no colours, shows the words."""

    value: str
    words: str

    def __str__(self) -> str:
        return self.words


def kind_of(principal: str) -> str:
    """In a list: what kind of caller it was, which asks the database nothing."""
    kind = KINDS.get(principal.partition(":")[0])
    return str(kind) if kind else principal or NOTHING


def link_to(principal: str) -> str | SafeString:
    """On a row's own page: who it was, with the way there."""
    kind, _colon, id = principal.partition(":")
    model = MODELS.get(kind)
    row = model._default_manager.filter(pk=UUID(id)).first() if model and _is_uuid(id) else None
    if row is None:
        return kind_of(principal)
    page = reverse(f"admin:chat_{row._meta.model_name}_change", args=[row.pk])
    words = gettext("%(kind)s: %(name)s") % {"kind": kind_of(principal), "name": row}
    return format_html('<a class="parley-link" href="{}">{}</a>', page, words)


def plain(field: str, name: _StrPromise) -> Callable[[Model], str]:
    """A column of a list with what strangers wrote into a field; rows show themselves so already."""

    @admin.display(description=name, ordering=field)
    def column(row: Model) -> str:
        return without_turns(str(getattr(row, field)))

    return column


def dashes(model: type[Model]) -> dict[str, object]:
    """For ``readonly_preprocess_fields``: free values that hold nothing are a dash, not ``null``."""
    return {field.name: _dash for field in model._meta.fields if isinstance(field, JSONField)}


def _dash(shown: str) -> str:
    # Drawn twice, for the light and the dark page.
    bare = "".join(strip_tags(shown).split())
    return NOTHING if bare.replace("null", "").replace("[]", "").replace("{}", "") == "" else shown


def _is_uuid(text: str) -> bool:
    try:
        UUID(text)
    except ValueError:
        return False
    return True
