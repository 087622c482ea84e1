"""Prospects: contacts whom a program knows by their e-mail address, telephone or name in another network, and
the conversations of a service that it has with them.

Who a message is from and where it goes is found out in one transaction together with storing it. When nobody
is found, everybody else of the organization who looks has to wait: two requests about the same new person at
the same moment make one contact and one conversation.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from functools import partial
from typing import Any
from uuid import UUID

from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from chat.db import transact
from chat.exceptions import BadRequest, NotAllowed, NotFound
from chat.models import Chatbot, Contact, Conversation
from chat.principals import Principal
from chat.selectors import chatbot_for, conversation_for, conversations_of
from chat.selectors.contacts import contact_for, contact_known_by
from chat.services.contacts import create_contact, digits_of, lock_contacts, place_contact, update_contact
from chat.services.contents import Details
from chat.services.messages import Posted, post_message
from chat.services.repeats import once
from chat.services.web_chats import api_web_chat

OTHER_SERVICE = _("This conversation is of another service type.")


@dataclass(frozen=True, slots=True)
class Particulars:
    """What a program says of a prospect. Empty: it does not know, and what was known stays."""

    email: str = ""
    phone_number: str = ""
    first_name: str = ""
    last_name: str = ""
    handles: dict[str, str] = field(default_factory=dict)

    @property
    def reachable(self) -> bool:
        return bool(self.email or digits_of(self.phone_number) or self.handles)


@dataclass(frozen=True, slots=True)
class Enquiry:
    """From whom, about what and to whom. ``service_type`` empty: of whichever service speaks first."""

    service_type: str = ""
    chatbot: UUID | None = None
    prospect: UUID | None = None
    particulars: Particulars = field(default_factory=Particulars)
    conversation: UUID | None = None


@transact()
def begin_conversation(*, principal: Principal, enquiry: Enquiry) -> Conversation:
    """A new conversation with the prospect, who is found or made."""
    contact = _prospect(principal, enquiry)
    if contact is None:
        lock_contacts(principal.organization_id)
        contact = _prospect(principal, enquiry)
    return _new_conversation(principal, enquiry, _made_or_renewed(principal, contact, enquiry.particulars))


def ask(
    *,
    principal: Principal,
    enquiry: Enquiry,
    content: str,
    delivery: dict[str, Any],
    idempotency_key: str = "",
) -> UUID:
    """Store what a prospect wrote, and the reply that a worker will make; returns the message's id.

    It goes into the conversation that the enquiry names, else into the prospect's latest of that service,
    else into a new one. ``NotFound`` and ``NotAllowed``: something that it names is not theirs, or does not
    belong to the rest. The ``idempotency_key`` is as in ``once``.
    """
    request = {"enquiry": asdict(enquiry), "content": content, "delivery": delivery}
    make = partial(_ask, principal, enquiry, content, delivery)
    return once(principal, idempotency_key, request, make).message.pk


@transact()
def _ask(
    principal: Principal, enquiry: Enquiry, content: str, delivery: dict[str, Any], id: UUID, digest: str
) -> Posted:
    contact, conversation = _place(principal, enquiry)
    if conversation is None:
        lock_contacts(principal.organization_id)
        contact, conversation = _place(principal, enquiry)
    # Nothing is changed before this: who waits for the lock must hold nothing that its holder wants.
    if conversation is None:
        contact = _made_or_renewed(principal, contact, enquiry.particulars)
        conversation = _new_conversation(principal, enquiry, contact)
    else:
        _adopt(principal, conversation, enquiry)
        contact = _renewed(principal, contact, enquiry.particulars) if contact else None
    sender = contact.pk if contact else None
    details = Details(delivery=delivery, request_digest=digest, sender=sender)
    return post_message(
        principal=principal, id=id, conversation=conversation.pk, content=content, details=details
    )


# Finding


def _place(principal: Principal, enquiry: Enquiry) -> tuple[Contact | None, Conversation | None]:
    """The prospect and the conversation, as far as they exist."""
    if enquiry.conversation is None:
        contact = _prospect(principal, enquiry)
        return contact, _latest(principal, enquiry, contact) if contact else None
    conversation = conversation_for(principal, enquiry.conversation)
    if enquiry.service_type != (conversation.service_type or enquiry.service_type):
        raise NotAllowed(OTHER_SERVICE)
    named = _prospect(principal, enquiry)
    if named and named.pk != conversation.contact_id:
        raise NotAllowed(_("This conversation is with another prospect."))
    known = conversation.contact_id
    return contact_for(principal, known) if known else None, conversation


def _prospect(principal: Principal, enquiry: Enquiry) -> Contact | None:
    if enquiry.prospect:
        return contact_for(principal, enquiry.prospect)
    return _known_by(principal, enquiry.particulars)


def _known_by(principal: Principal, particulars: Particulars) -> Contact | None:
    return contact_known_by(
        principal,
        email=particulars.email.lower(),
        phone_digits=digits_of(particulars.phone_number),
        handles=particulars.handles,
    )


def _latest(principal: Principal, enquiry: Enquiry, contact: Contact) -> Conversation | None:
    """Only of those that a program began: what a visitor's browser may read is no place for e-mails. And of
    those whose chatbot still answers."""
    begun = {"created_by__startswith": "key:", "chatbot__is_active": True}
    rows = conversations_of(principal).filter(contact=contact, **begun)
    rows = rows.filter(service_type__in=("", enquiry.service_type))
    if enquiry.chatbot:
        rows = rows.filter(Q(chatbot=enquiry.chatbot) | Q(service_type="", last_position=0))
    return rows.first()


# Making and changing


def _made_or_renewed(principal: Principal, contact: Contact | None, particulars: Particulars) -> Contact:
    if contact is None:
        return _new_prospect(principal, particulars)
    return _renewed(principal, contact, particulars)


def _new_prospect(principal: Principal, particulars: Particulars) -> Contact:
    if not particulars.reachable:
        raise BadRequest(_("Say how the prospect is reached: by e-mail, phone, Instagram or Facebook."))
    return create_contact(
        principal=principal,
        name=_full_name(particulars.first_name, particulars.last_name),
        email=particulars.email,
        phone_number=particulars.phone_number,
        first_name=particulars.first_name,
        last_name=particulars.last_name,
        handles=particulars.handles,
    )


def _renewed(principal: Principal, contact: Contact, particulars: Particulars) -> Contact:
    """The contact with what is new in the particulars. An empty value takes nothing away."""
    names = ("email", "phone_number", "first_name", "last_name")
    given = {name: getattr(particulars, name) for name in names}
    given["email"] = given["email"].lower()
    changed: dict[str, Any] = {
        name: value for name, value in given.items() if value and value != getattr(contact, name)
    }
    if changed.keys() & {"first_name", "last_name"}:
        full = {name: changed.get(name, getattr(contact, name)) for name in ("first_name", "last_name")}
        changed["name"] = _full_name(**full)
    if particulars.handles.items() - contact.handles.items():
        changed["handles"] = contact.handles | particulars.handles
    return update_contact(principal=principal, contact=contact.pk, **changed) if changed else contact


def _full_name(first_name: str, last_name: str) -> str:
    return f"{first_name} {last_name}".strip()[:255]


def _new_conversation(principal: Principal, enquiry: Enquiry, contact: Contact) -> Conversation:
    chatbot = _chatbot(principal, enquiry)
    inbox = api_web_chat(chatbot).inbox
    place_contact(contact, inbox)
    return Conversation.objects.create(
        organization_id=principal.organization_id,
        chatbot=chatbot,
        inbox=inbox,
        contact=contact,
        created_by=principal.label,
        service_type=enquiry.service_type,
    )


def _chatbot(principal: Principal, enquiry: Enquiry) -> Chatbot:
    try:
        return chatbot_for(principal, enquiry.chatbot)
    except NotFound:
        if enquiry.chatbot:
            raise
        raise BadRequest(_("There is no chatbot yet. Make one in the administration.")) from None


def _adopt(principal: Principal, conversation: Conversation, enquiry: Enquiry) -> None:
    """The first message decides what a conversation is about that was begun without a service, and which
    chatbot it is with."""
    rows = Conversation.objects.filter(pk=conversation.pk)
    service, chatbot = enquiry.service_type, enquiry.chatbot
    if not conversation.service_type and not rows.filter(service_type="").update(service_type=service):
        raise NotAllowed(OTHER_SERVICE)
    if chatbot in (None, conversation.chatbot_id):
        return
    if not rows.filter(last_position=0).update(chatbot=_chatbot(principal, enquiry)):
        raise BadRequest(_("This conversation is with another chatbot. Begin a new one."))
