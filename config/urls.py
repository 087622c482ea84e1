"""All addresses of the application."""

from __future__ import annotations

import sys

from allauth.account.decorators import secure_admin_login
from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.urls import include, path
from django.views import defaults
from django.views.generic import RedirectView

from chat.admin.doctor import doctor
from chat.api import errors
from chat.db import comes_back
from chat.exceptions import BUSY_SECONDS, BadRequest, ChatError, Internal, NotFound, StorageBusy
from chat.openai import errors as openai

# Set before ``admin.site.urls`` is read: the admin's own log-in form knows neither the limits on wrong
# passwords nor the second factor.
admin.site.login = secure_admin_login(admin.site.login)  # type: ignore[method-assign,no-untyped-call]

urlpatterns = [
    path("", include("chat.web.account_urls")),
    path("admin", RedirectView.as_view(url="/admin/", query_string=True)),
    path("admin/password_change/", RedirectView.as_view(pattern_name="account_change_password")),
    path("admin/doctor/", admin.site.admin_view(doctor), name="doctor"),
    path("admin/", admin.site.urls),
    path("", include("chat.web.urls")),
    path("", include("chat.embed.urls")),
    path("v1/", include("chat.openai.urls")),
    path("api/v1/", include("chat.openai.urls")),
    path("api/v1/", include("chat.maax.urls")),
    path("api/", include("chat.maax.urls")),
    path("api/v1/", include("chat.api.urls")),
    path("api/", include("chat.api.urls")),  # last: of two prefixes, links have this one
]


def told(request: HttpRequest, error: ChatError) -> HttpResponse | None:
    """Programs read JSON, also where no view was reached. None: it is a page's request."""
    if request.path.startswith(openai.PREFIX):
        return openai.response_to(error)
    return errors.plain(error) if request.path.startswith(errors.PREFIX) else None


def handler400(request: HttpRequest, exception: Exception) -> HttpResponse:
    return told(request, BadRequest()) or defaults.bad_request(request, exception)


def handler404(request: HttpRequest, exception: Exception) -> HttpResponse:
    return told(request, NotFound()) or defaults.page_not_found(request, exception)


def handler500(request: HttpRequest) -> HttpResponse:
    error = sys.exception()
    if answer := told(request, StorageBusy() if comes_back(error) else Internal()):
        return answer
    response: HttpResponse = defaults.server_error(request)
    if comes_back(error):
        response.status_code = 503
        response["Retry-After"] = str(BUSY_SECONDS)
    return response
