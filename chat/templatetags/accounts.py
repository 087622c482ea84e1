"""What the account pages need to show a form in Parley's look."""

from __future__ import annotations

from typing import Any, NamedTuple

from allauth.account.adapter import get_adapter
from django import template
from django.forms import BoundField, CheckboxInput
from django.template.context import Context
from django.urls import reverse
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from chat.selectors import membership_of
from chat.services.memberships import MANAGERS

register = template.Library()


class Section(NamedTuple):
    url: str
    title: str
    current: bool


@register.filter
def control(field: BoundField) -> SafeString:
    """The field's widget in our class, without its placeholder: each field has a label above it."""
    attributes: dict[str, Any] = {"placeholder": False}
    if not is_checkbox(field):
        attributes["class"] = "field"
    return field.as_widget(attrs=attributes)


@register.filter
def is_checkbox(field: BoundField) -> bool:
    return isinstance(field.field.widget, CheckboxInput)


@register.simple_tag(takes_context=True)
def signup_is_open(context: Context) -> bool:
    """Whether whoever looks at this page could make an account."""
    return bool(get_adapter().is_open_for_signup(context["request"]))


@register.simple_tag(takes_context=True)
def sections(context: Context) -> list[Section]:
    """The parts of the account pages that are there for whoever is logged in."""
    request = context["request"]
    pages = [
        ("account_profile", _("Profile")),
        ("account_email", _("E-mail")),
        ("account_change_password", _("Password")),
        ("mfa_index", _("Second factor")),
    ]
    membership = membership_of(request.user)
    if membership is not None or request.user.is_superuser:
        pages.append(("account_embedding_list", _("Web chats")))
    if membership is not None and membership.role in MANAGERS:
        pages.append(("account_people", _("People")))
    urls = [(reverse(name), title) for name, title in pages]
    return [Section(url, title, request.path.startswith(url)) for url, title in urls]
