"""Addresses whose views fail, beside the product's own."""

from __future__ import annotations

import sqlite3

from django.db import OperationalError
from django.http import HttpRequest
from django.urls import path
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


class MissingView(ApiView):
    def get(self, request: Request) -> None:
        cause = sqlite3.OperationalError("no such table: secret")
        cause.sqlite_errorcode = sqlite3.SQLITE_ERROR
        raise OperationalError("no such table: secret") from cause


def away(request: HttpRequest) -> None:
    """As middleware does, before a view of the API is reached."""
    raise OperationalError("the server closed the connection")


urlpatterns = [
    route("api/fault", FaultView, name="fault"),
    route("api/busy", BusyView, name="busy"),
    route("api/missing", MissingView, name="missing"),
    path("api/away/", away),
]
