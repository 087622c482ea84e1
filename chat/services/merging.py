"""Known persons: the contact whom a site says, signed, to be before it, and what becomes of the stranger that
they were until then.

The conversations of the stranger become the known person's; those of the known person never become the
stranger's: the tokens that the stranger had end at that moment.
"""

from __future__ import annotations

from uuid import UUID, uuid4

from chat.db import transact
from chat.models import Contact, ContactInbox, Conversation, Message, Visitor, VisitorToken, WebChat
from chat.services import visitor_tokens
from chat.services.contacts import ANONYMOUS, digits_of, lock_contacts
from chat.services.identity import Person


def contact_known_as(web_chat: WebChat, person: Person, *, make: UUID | None = None) -> Contact | None:
    """The contact whom the site knows by this id. ``make``: the id of a new one, if there is none."""
    if found := _known(web_chat, person):
        return found
    if make is None:
        return None
    with transact():
        lock_contacts(web_chat.organization_id)
        return _known(web_chat, person) or _made(web_chat, person, make)


def _known(web_chat: WebChat, person: Person) -> Contact | None:
    places = ContactInbox.objects.filter(
        inbox=web_chat.inbox_id, source_id=person.subject, contact__deleted_at=None
    )
    place = places.select_related("contact").first()
    return place.contact if place else None


def _made(web_chat: WebChat, person: Person, id: UUID) -> Contact:
    contact = Contact.objects.create(
        pk=id,
        organization_id=web_chat.organization_id,
        name=person.name or ANONYMOUS,
        email=person.email,
        phone_number=person.phone_number,
        phone_digits=digits_of(person.phone_number),
        source_id=person.subject,
    )
    ContactInbox.objects.create(contact=contact, inbox_id=web_chat.inbox_id, source_id=person.subject)
    return contact


def newest_particulars(contact: Contact, person: Person) -> None:
    """What the site says of its visitor now; what it does not say stays."""
    said = {"name": person.name, "email": person.email, "phone_number": person.phone_number}
    changed = {name: value for name, value in said.items() if value and getattr(contact, name) != value}
    if not changed:
        return
    for name, value in changed.items():
        setattr(contact, name, value)
    if "phone_number" in changed:
        contact.phone_digits = changed["phone_digits"] = digits_of(contact.phone_number)
    contact.save(update_fields=[*changed, "updated_at"])


@transact()
def identified(web_chat: WebChat, person: Person, *, site: str, stranger: Visitor | None) -> Visitor:
    """The visitor that this person is from now on: the stranger, if they were one, else the one they are on
    this site already, else a new one."""
    contact = contact_known_as(web_chat, person, make=uuid4())
    assert contact is not None  # noqa: S101 (it was made)
    newest_particulars(contact, person)
    if stranger is not None:
        _become(stranger, contact)
        return stranger
    known = Visitor.objects.filter(web_chat=web_chat, contact=contact, site=site, verified=True)
    found = known.select_related("contact").order_by("created_at", "pk").first()
    return found or Visitor.objects.create(web_chat=web_chat, contact=contact, site=site, verified=True)


def _become(stranger: Visitor, contact: Contact) -> None:
    """Of what the stranger began, what they had cleared away stays behind."""
    begun = Conversation.objects.filter(created_by=f"visitor:{stranger.pk}", contact=stranger.contact_id)
    if stranger.cleared_at:
        begun = begun.filter(created_at__gt=stranger.cleared_at)
    ids = list(begun.values_list("pk", flat=True))
    Message.objects.filter(conversation__in=ids, sender_contact=stranger.contact_id).update(
        sender_contact=contact
    )
    Conversation.objects.filter(pk__in=ids).update(contact=contact)
    visitor_tokens.revoke(VisitorToken.objects.filter(visitor=stranger))
    stranger.contact, stranger.verified, stranger.cleared_at = contact, True, None
    stranger.save(update_fields=["contact", "verified", "cleared_at"])
