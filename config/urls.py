"""All addresses of the application."""

from django.urls import include, path

urlpatterns = [
    path("", include("chat.web.urls")),
]
