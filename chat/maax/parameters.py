"""Parameters, wherever they stand: in a JSON body, a form or the query string, in this order.

MAAX's documentation calls them query and path parameters and asks for JSON: clients send them in every way.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

import orjson
from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.http import HttpRequest, QueryDict
from django.utils.translation import gettext as _

from chat.exceptions import BadRequest
from chat.maax.errors import BodyTooLarge, InvalidParameters
from chat.models.handles import NETWORKS
from chat.services.contacts import digits_of
from chat.services.prospects import Particulars

BODY_BYTES = 1024 * 1024
DEPTH = 20
FORM = "application/x-www-form-urlencoded"

_INTEGER = re.compile(r"\d{1,18}", re.ASCII)
_SPACES_AND_AT = re.compile(r"^[\s@]+|\s+$")


def parameters_of(request: HttpRequest) -> Parameters:
    return Parameters({**request.GET.dict(), **_of_body(request)})


def _of_body(request: HttpRequest) -> Mapping[str, Any]:
    kind = request.content_type
    if int(request.META.get("CONTENT_LENGTH") or 0) > BODY_BYTES:
        raise BodyTooLarge
    if kind == "multipart/form-data":
        return request.POST.dict()
    body = request.read(BODY_BYTES + 1)
    if len(body) > BODY_BYTES:
        raise BodyTooLarge
    if kind == FORM and not body.lstrip().startswith(b"{"):  # curl says "form" whatever it sends
        return QueryDict(body).dict()
    return read_object(body) if body.strip() else {}


def read_object(text: bytes | str) -> dict[str, Any]:
    try:
        found = orjson.loads(text)
    except (orjson.JSONDecodeError, UnicodeEncodeError) as error:
        raise BadRequest(_("This is not JSON: %(error)s") % {"error": error}) from None
    if not isinstance(found, dict):
        raise BadRequest(_("Parameters are a JSON object, such as {“service_type”: “…”}."))
    if not _is_shallow(found, DEPTH):
        raise BadRequest(_("JSON can be nested 20 levels deep, and this is deeper."))
    return found


def _is_shallow(value: Any, depth: int) -> bool:
    if not isinstance(value, dict | list):
        return True
    inner = value.values() if isinstance(value, dict) else value
    return depth > 0 and all(_is_shallow(one, depth - 1) for one in inner)


class Parameters:
    """Each reading method notes what is wrong with its parameter; ``check`` complains of all at once. A blank
    or null value counts as none."""

    def __init__(self, given: Mapping[str, Any]) -> None:
        self._given = given
        self.faults: dict[str, str] = {}

    def check(self) -> None:
        if self.faults:
            raise InvalidParameters(self.faults)

    def text(self, name: str, *, required: bool = False) -> str:
        value = self._given.get(name)
        if value is not None and not isinstance(value, str):
            self.faults[name] = _("This is text.")
        elif value and "\x00" in value:
            self.faults[name] = _("Null characters are not allowed.")
        elif required and not (value or "").strip():
            self.faults[name] = _("This is required.")
        return value if isinstance(value, str) else ""

    def choice(self, name: str, choices: Sequence[str], *, required: bool = False) -> str:
        value = self.text(name, required=required).strip().lower()
        if value and value not in choices:
            self.faults[name] = _("This is one of: %(choices)s.") % {"choices": ", ".join(choices)}
        return value

    def number(self, name: str, *, required: bool = False) -> int | None:
        value = self._given.get(name)
        if value is None or isinstance(value, str) and not value.strip():
            if required:
                self.faults[name] = _("This is required.")
            return None
        text = str(value).strip() if isinstance(value, str | int) and not isinstance(value, bool) else ""
        if not _INTEGER.fullmatch(text):
            self.faults[name] = _("This is an integer.")
            return None
        return int(text)

    def particulars(self, name: str) -> Particulars:
        """An object, or the JSON of one."""
        value = self._given.get(name)
        if value is None or isinstance(value, str) and not value.strip():
            return Particulars()
        try:
            given = read_object(value) if isinstance(value, str) else value
        except BadRequest as error:
            self.faults[name] = str(error.message)
            return Particulars()
        if not isinstance(given, dict):
            self.faults[name] = _("This is an object, such as {“email”: “…”, “first_name”: “…”}.")
            return Particulars()
        reading = _Particulars(name, given)
        particulars = reading.value()
        self.faults |= reading.faults
        return particulars


class _Particulars:
    """What ``prospect_info`` says. Keys that mean nothing here are let be."""

    def __init__(self, name: str, given: Mapping[str, Any]) -> None:
        self._name, self._given = name, given
        self.faults: dict[str, str] = {}

    def value(self) -> Particulars:
        handles = {network: self._line(network).lower() for network in NETWORKS}
        return Particulars(
            email=self._email(),
            phone_number=self._phone_number(),
            first_name=self._line("first_name"),
            last_name=self._line("last_name"),
            handles={network: handle for network, handle in handles.items() if handle},
        )

    def _line(self, key: str, most: int = 255) -> str:
        value = self._given.get(key)
        value = str(value) if isinstance(value, int) and not isinstance(value, bool) else value
        if value is None:
            return ""
        if not isinstance(value, str) or "\x00" in value or len(value) > most:
            self._complain(key, _("This is text of at most %(most)d characters.") % {"most": most})
            return ""
        return _SPACES_AND_AT.sub("", value)

    def _email(self) -> str:
        address = self._line("email", 254)
        try:
            if address:
                validate_email(address)
        except ValidationError:
            self._complain("email", _("This is not an e-mail address."))
        return address

    def _phone_number(self) -> str:
        number = self._line("phone", 64)
        if number and not digits_of(number):
            self._complain("phone", _("This has no digits."))
        return number

    def _complain(self, key: str, fault: str) -> None:
        self.faults[f"{self._name}.{key}"] = fault
