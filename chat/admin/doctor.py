"""The doctor's page: the same lines as ``manage.py doctor``, for superusers."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import aclosing
from itertools import groupby

from asgiref.sync import async_to_sync
from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.db import close_old_connections
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from chat.admin.scoping import is_superuser
from chat.doctor.checks import examine, titles
from chat.doctor.findings import Finding, Level, summary

#: Whether an examination runs in this process: one at a time.
_examining = False


@require_http_methods(["GET", "HEAD", "POST"])
def doctor(request: HttpRequest) -> HttpResponse:
    """What is looked at is configured, never named by the request."""
    if not is_superuser(request):
        raise PermissionDenied
    context = {**admin.site.each_context(request), "title": _("Doctor")}
    if request.method == "POST":
        close_old_connections()  # nobody holds one while the endpoint thinks
        found = async_to_sync(examined)(None if "all_models" in request.POST else ())
        context |= {"busy": True} if found is None else described(found)
    return TemplateResponse(request, "admin/chat/doctor.html", context)


async def examined(models: Sequence[str] | None) -> list[Finding] | None:
    """``None`` while another examination runs."""
    global _examining
    if _examining:
        return None
    _examining = True
    try:
        async with aclosing(examine(models=models)) as findings:
            return [finding async for finding in findings]
    finally:
        _examining = False


def described(found: list[Finding]) -> dict[str, object]:
    """What has to be changed comes first."""
    troubles = sorted(
        (one for one in found if one.level is not Level.OK), key=lambda one: one.level is not Level.WRONG
    )
    well = [one for one in found if one.level is Level.OK]
    names = titles()
    areas = [(names[area], list(lines)) for area, lines in groupby(well, key=lambda one: one.area)]
    first = [(_("What to change"), troubles)] if troubles else []
    return {"sections": [*first, *areas], "summary": summary(found)}
