"""All addresses of the application."""

from __future__ import annotations

from allauth.account.decorators import secure_admin_login
from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.urls import include, path
from django.views import defaults
from django.views.generic import RedirectView

from chat.admin.doctor import doctor
from chat.api import errors

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


def handler400(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Programs read JSON, also where no view was reached."""
    if request.path.startswith(errors.PREFIXES):
        return errors.bad_request(request)
    return defaults.bad_request(request, exception)


def handler404(request: HttpRequest, exception: Exception) -> HttpResponse:
    if request.path.startswith(errors.PREFIXES):
        return errors.unknown_address(request)
    return defaults.page_not_found(request, exception)


def handler500(request: HttpRequest) -> HttpResponse:
    if request.path.startswith(errors.PREFIXES):
        return errors.server_error(request)
    return defaults.server_error(request)
