"""Secrets that are shown once: on the page that answers the form which made them, and nowhere else."""

from __future__ import annotations

from typing import Any, ClassVar

from django.db.models import Model
from django.forms import ModelForm
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.utils.cache import add_never_cache_headers
from django.utils.functional import Promise

from chat.admin.scoping import ScopedAdmin


class OnceShownAdmin(ScopedAdmin):
    """Rows that a service makes together with a secret. They are made and ended, never edited.

    The secret travels with the request, in memory only: Django's messages would put it into a cookie.
    """

    may_change = False
    once_title: ClassVar[str | Promise]
    once_text: ClassVar[str | Promise]

    def make(self, request: HttpRequest, obj: Any) -> tuple[Model, str]:
        """Let the service make the row that the form describes; returns it and the secret."""
        raise NotImplementedError

    def render_change_form(self, request: HttpRequest, context: dict[str, Any], **more: Any) -> HttpResponse:
        """One button: with any other, the secret would be passed over."""
        context |= {"show_save_and_add_another": False, "show_save_and_continue": False}
        response: HttpResponse = super().render_change_form(request, context, **more)
        return response

    def save_model(self, request: HttpRequest, obj: Model, form: ModelForm[Any], change: bool) -> None:
        made, vars(request)["_once"] = self.make(request, obj)
        obj.pk = made.pk
        obj.refresh_from_db()

    def response_add(
        self, request: HttpRequest, obj: Model, post_url_continue: str | None = None
    ) -> HttpResponse:
        context = {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "title": self.once_title,
            "text": self.once_text,
            "secret": vars(request)["_once"],
            "object": obj,
        }
        response = TemplateResponse(request, "admin/chat/once.html", context)
        add_never_cache_headers(response)
        return response
