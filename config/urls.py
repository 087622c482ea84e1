"""All addresses of the application."""

from __future__ import annotations

from allauth.account.decorators import secure_admin_login
from django.contrib import admin
from django.urls import include, path
from django.views.generic import RedirectView

# Set before ``admin.site.urls`` is read: the admin's own log-in form knows neither the limits on wrong
# passwords nor the second factor.
admin.site.login = secure_admin_login(admin.site.login)  # type: ignore[method-assign,no-untyped-call]

urlpatterns = [
    path("", include("chat.web.account_urls")),
    path("admin", RedirectView.as_view(url="/admin/", query_string=True)),
    path("admin/password_change/", RedirectView.as_view(pattern_name="account_change_password")),
    path("admin/", admin.site.urls),
    path("", include("chat.web.urls")),
]
