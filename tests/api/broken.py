"""Addresses whose views fail, beside the product's own."""

from __future__ import annotations

from django.db import OperationalError
from rest_framework.request import Request

from chat.api.urls import route
from chat.api.views.base import ApiView
from config import urls

handler500 = urls.handler500


class FaultView(ApiView):
    def get(self, request: Request) -> None:
        raise RuntimeError("secret detail")


class BusyView(ApiView):
    def get(self, request: Request) -> None:
        raise OperationalError("database is locked")


urlpatterns = [
    route("api/fault", FaultView, name="fault"),
    route("api/busy", BusyView, name="busy"),
]
