"""The form before the chat: what a web chat asks of a new visitor, and what they answered."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from chat.exceptions import BadRequest
from chat.services.contents import Json

KINDS = ("text", "textarea", "email", "tel", "select", "checkbox")
#: These go into the contact's own columns.
NAME, EMAIL = "name", "email"
MOST_FIELDS, LONGEST_ANSWER = 20, 1000
LONGEST_NAME, LONGEST_EMAIL = 255, 254


@dataclass(frozen=True, slots=True)
class Profile:
    """What a visitor said of themselves; ``fields`` are the answers that have no column of their own."""

    name: str = ""
    email: str = ""
    fields: Json | None = None
    consent: Json | None = None

    @property
    def stored(self) -> Json:
        """As ``Contact.profile`` keeps it."""
        kept = {"fields": self.fields, "consent": self.consent}
        return {name: value for name, value in kept.items() if value}


def check_form(given: Any) -> None:
    """Raise ``BadRequest`` with a sentence for what cannot be shown as a form as it is written."""
    if given is None:
        return
    if not isinstance(given, dict) or given.keys() - {"fields", "consent"}:
        raise BadRequest(_("Write an object with “fields”, “consent” or both."))
    fields = given.get("fields", [])
    if not isinstance(fields, list) or len(fields) > MOST_FIELDS:
        raise BadRequest(_("“fields” is a list of at most %(most)d fields.") % {"most": MOST_FIELDS})
    for number, row in enumerate(fields, 1):
        _check_field(row, number)
    names = [row["name"] for row in fields]
    if twice := next((name for name in names if names.count(name) > 1), None):
        raise BadRequest(_("Two fields have the name “%(name)s”.") % {"name": twice})
    consent = given.get("consent")
    if consent is not None and (shown := _consent(consent)) is None:
        raise BadRequest(_("“consent” needs a “text” to which visitors agree."))
    if consent is not None and consent.get("url") and shown and not shown["url"]:
        raise BadRequest(_("The “url” of “consent” has to begin with https://."))


def _check_field(row: Any, number: int) -> None:
    said = {"number": number, "kinds": ", ".join(KINDS)}
    if not isinstance(row, dict) or not isinstance(row.get("name"), str) or not row["name"]:
        raise BadRequest(_("Field %(number)d needs a “name”.") % said)
    if row.get("type", "text") not in KINDS:
        raise BadRequest(_("The “type” of field %(number)d is one of %(kinds)s.") % said)
    if not isinstance(row.get("required", False), bool):
        raise BadRequest(_("“required” of field %(number)d is true or false.") % said)
    options = row.get("options")
    if row.get("type") == "select" and not (isinstance(options, list) and options):
        raise BadRequest(_("Field %(number)d is a select and needs “options”, a list of texts.") % said)
    if isinstance(options, list) and not all(isinstance(one, str) for one in options):
        raise BadRequest(_("The “options” of field %(number)d are texts.") % said)


def form_of(stored: Any) -> Json | None:
    """``WebChat.form`` as the page gets it: of what was written by hand, what can be shown. None: no form."""
    if not isinstance(stored, dict):
        return None
    rows = stored.get("fields")
    fields = [field for row in (rows if isinstance(rows, list) else []) if (field := _field(row))]
    consent = _consent(stored.get("consent"))
    return {"fields": fields[:MOST_FIELDS], "consent": consent} if fields or consent else None


def _field(row: Any) -> Json | None:
    if not isinstance(row, dict) or not isinstance(name := row.get("name"), str) or not name:
        return None
    kind = row.get("type")
    field: Json = {
        "name": name,
        "label": str(row.get("label") or name),
        "type": kind if kind in KINDS else "text",
        "required": row.get("required") is True,
    }
    if field["type"] == "select":
        options = row.get("options")
        field["options"] = [str(one) for one in options] if isinstance(options, list) else []
    return field


def _consent(row: Any) -> Json | None:
    if not isinstance(row, dict) or not isinstance(text := row.get("text"), str) or not text.strip():
        return None
    url = row.get("url")
    safe = isinstance(url, str) and url.startswith(("https://", "http://"))
    return {"text": text, "url": url if safe else None}


def profile_of(form: Json | None, given: Json | None, *, name: str = "", email: str = "") -> Profile:
    """The answers, held against the form; ``name`` and ``email`` are known already. Raises ``BadRequest``
    with a sentence that names what is missing."""
    if form is None:
        return Profile(name, email)
    given = given or {}
    extra = given.get("fields")
    answers = {**(extra if isinstance(extra, dict) else {}), **{one: given.get(one) for one in (NAME, EMAIL)}}
    known = {NAME: name, EMAIL: email}
    checked = {field["name"]: known.get(field["name"]) or _answer(field, answers) for field in form["fields"]}
    said_name, said_email = checked.pop(NAME, "") or name, checked.pop(EMAIL, "") or email
    fields = {name: value for name, value in checked.items() if value != ""}
    return Profile(
        str(said_name)[:LONGEST_NAME], str(said_email).lower(), fields, _agreed(form["consent"], given)
    )


def _agreed(consent: Json | None, given: Json) -> Json | None:
    if consent is None:
        return None
    if given.get("consent") is not True:
        raise BadRequest(_("Agree to the terms before you write."))
    return {**consent, "at": str(int(timezone.now().timestamp() * 1000))}


def _answer(field: Json, answers: Json) -> str | bool:
    value = answers.get(field["name"])
    if field["type"] == "checkbox":
        if field["required"] and value is not True:
            raise BadRequest(_("Tick “%(label)s” before you write.") % {"label": field["label"]})
        return value is True
    text = value.replace("\x00", "").strip() if isinstance(value, str) else ""
    if field["required"] and not text:
        raise BadRequest(_("Fill in “%(label)s” before you write.") % {"label": field["label"]})
    if text and not _fits(field, text):
        raise BadRequest(_("Correct “%(label)s” before you write.") % {"label": field["label"]})
    return text


def _fits(field: Json, text: str) -> bool:
    if not text.isprintable() and field["type"] != "textarea":
        return False
    if field["type"] == "email" or field["name"] == EMAIL:
        try:
            validate_email(text)
        except ValidationError:
            return False
        return len(text) <= LONGEST_EMAIL
    if field["type"] == "select":
        return text in field["options"]
    return len(text) <= (LONGEST_NAME if field["name"] == NAME else LONGEST_ANSWER)
