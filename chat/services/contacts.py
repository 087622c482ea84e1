"""Contacts: making, changing and deleting them. How they are stored is how they are found again: e-mail
addresses in small letters, telephones also as their digits."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any
from uuid import UUID

from django.db import IntegrityError
from django.db.models import F
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from chat.db import transact
from chat.exceptions import Conflict
from chat.models import Contact, ContactInbox, Inbox, Organization
from chat.principals import Principal
from chat.selectors.contacts import contact_for, inboxes_for
from chat.services.contents import check_values

#: What a contact is called of whom nothing is known.
ANONYMOUS = "anonymous"
#: What may be set from outside.
FIELDS = frozenset(
    ("name", "first_name", "last_name", "email", "phone_number", "handles", "avatar", "source_id")
) | {"query_metadata"}


def create_contact(*, principal: Principal, inboxes: Iterable[UUID] = (), **fields: Any) -> Contact:
    """A new contact of the organization in these inboxes. ``NotFound``: one of them is not theirs.
    ``Conflict``: its ``source_id`` is somebody else's in one of them."""
    check_values(fields.get("query_metadata"))
    contact = Contact(organization_id=principal.organization_id)
    _set(contact, fields)
    contact.name = contact.name or ANONYMOUS
    with _one_source_in_an_inbox(), transact():
        contact.save(force_insert=True)
        _put(contact, inboxes_for(principal, list(inboxes)))
    return contact_for(principal, contact.pk)


def update_contact(
    *, principal: Principal, contact: UUID, inboxes: Iterable[UUID] | None = None, **fields: Any
) -> Contact:
    """Change the given fields, and with ``inboxes`` its places; the rest stays."""
    check_values(fields.get("query_metadata"))
    with _one_source_in_an_inbox(), transact():
        found = contact_for(principal, contact)
        changed = _set(found, fields)
        found.name = found.name or ANONYMOUS
        found.save(update_fields=[*changed, "name", "updated_at"])
        if inboxes is not None:
            wanted = inboxes_for(principal, list(inboxes))
            ContactInbox.objects.filter(contact=found).exclude(inbox__in=wanted).delete()
            _put(found, wanted)
        if "source_id" in changed:
            ContactInbox.objects.filter(contact=found).update(source_id=found.source_id)
    return contact_for(principal, contact)


@transact()
def delete_contact(*, principal: Principal, contact: UUID) -> None:
    """It is found no more and its id at its source is free; its conversations stay as they are."""
    found = contact_for(principal, contact)
    Contact.objects.filter(pk=found.pk).update(deleted_at=timezone.now())
    ContactInbox.objects.filter(contact=found).delete()


def lock_contacts(organization: UUID) -> None:
    """Until the transaction ends nobody else who asks for it goes on: who looks for a contact and finds none
    may then make one, and two who do so at the same moment make one, not two."""
    Organization.objects.filter(pk=organization).update(name=F("name"))


def digits_of(phone_number: str) -> str:
    """``+1 (555) 010-99`` and ``155501099`` are the same telephone."""
    return "".join(str(unicodedata.decimal(one)) for one in phone_number if one.isdecimal())


def place_contact(contact: Contact, inbox: Inbox) -> None:
    """Where it wrote, it is from then on. Its id at its source may be somebody else's there: it has none."""
    ContactInbox.objects.get_or_create(contact=contact, inbox=inbox)


@contextmanager
def _one_source_in_an_inbox() -> Iterator[None]:
    try:
        yield
    except IntegrityError:
        raise Conflict(_("Another contact of this inbox has this sourceId already.")) from None


def _set(contact: Contact, fields: Mapping[str, Any]) -> list[str]:
    """Give the contact these fields; returns the columns that changed with them."""
    assert fields.keys() <= FIELDS  # noqa: S101 (the edges name them)
    changed = list(fields)
    for name, value in fields.items():
        setattr(contact, name, value)
    if "email" in fields:
        contact.email = contact.email.lower()
    if "phone_number" in fields:
        contact.phone_digits = digits_of(contact.phone_number)
        changed.append("phone_digits")
    return changed


def _put(contact: Contact, inboxes: Iterable[Inbox]) -> None:
    for inbox in inboxes:
        ContactInbox.objects.get_or_create(
            contact=contact, inbox=inbox, defaults={"source_id": contact.source_id}
        )
