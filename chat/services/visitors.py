"""Visitors of embedded chats: who comes with what their page says, and what is stored of them and when.

Nothing is stored of somebody who only looks. With their first message come the contact, the visitor and the
token by which they are known again, in the transaction that stores the message. Of somebody whose site signs
who they are, what they wrote earlier is theirs on every device.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import Any
from uuid import UUID, uuid4

from django.utils import timezone

from chat.db import held
from chat.exceptions import (
    BadRequest,
    ChatError,
    Conflict,
    IdentityRefused,
    IdentityRequired,
    NotFound,
    SiteRefused,
    TicketRefused,
    TokenRefused,
)
from chat.knowledge.narrowing import narrowed
from chat.models import Contact, ContactInbox, Visitor, VisitorToken, WebChat
from chat.principals import Principal, Visit
from chat.selectors.web_chats import open_web_chat, open_web_chats, shows_sources
from chat.services import identity, visitor_tokens
from chat.services.contacts import ANONYMOUS, place_contact
from chat.services.identity import Person
from chat.services.merging import contact_known_as, identified, newest_particulars
from chat.services.profiles import Profile, form_of, profile_of
from chat.services.sites import may_stand_on

#: An origin as browsers write it; of a page without one they write ``null``, and of a file ``file://``. The
#: full page has no site.
_SITE = re.compile(r"(null|[a-z][a-z0-9+.-]{1,20}://[^/\s\x00-\x1f]{0,230})?", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Hello:
    """What a page says of the visitor before it. ``identity`` empty: the site says nobody is logged in."""

    ticket: str
    site: str = ""
    token: str | None = None
    contact: UUID | None = None
    identity: str | None = None
    address: str | None = None


@dataclass(frozen=True, slots=True)
class Guest:
    """A visitor who was let in, and what that rests on. ``token`` is None as long as nothing is stored of
    them; ``told`` is the text of a token that their browser does not have yet."""

    principal: Principal
    visit: Visit
    generation: int
    site: str
    token: UUID | None = None
    told: str = ""
    person: Person | None = None
    #: The contact exists already: the page named it.
    known_contact: bool = False
    refusals: tuple[ChatError, ...] = ()


def site_of(text: str) -> str:
    """Raises ``BadRequest`` for what is no origin."""
    if not _SITE.fullmatch(text):
        raise BadRequest
    return text.lower()


def admit(hello: Hello) -> Guest:
    """Let a visitor in. Raises ``TicketRefused`` and ``SiteRefused``; where identity is enforced
    ``IdentityRefused`` and ``IdentityRequired``. A token that opens nothing and a signature that does not
    hold make a new visitor, with the refusal in ``refusals``; so does the token of another than the page
    speaks of."""
    web_chat = _place(hello.ticket)
    site = site_of(hello.site)
    if not may_stand_on(web_chat, site):
        raise SiteRefused
    hello = replace(hello, site=site)
    refusals: list[ChatError] = []
    token = visitor_tokens.token_of(hello.token, web_chat=web_chat.pk, site=site) if hello.token else None
    if token and token.visitor.verified and hello.identity == "":
        visitor_tokens.revoke(VisitorToken.objects.filter(pk=token.pk))
        token = None
    person = _person(web_chat, hello, refusals)
    if token and not person and _is_of_another(token.visitor, web_chat, hello):
        token = None
    if person and (guest := _known_person(web_chat, hello, token, person)):
        return guest
    if web_chat.identity_enforced and not person and not (token and token.visitor.verified):
        raise IdentityRequired
    if token and not person:
        row, told = visitor_tokens.renew(token)
        return _guest(web_chat, hello, row, told=told, refusals=refusals)
    return _newcomer(web_chat, hello, person, refusals)


def _place(ticket: str) -> WebChat:
    read = visitor_tokens.read_ticket(ticket)
    if read is None:
        raise TicketRefused
    try:
        web_chat = open_web_chat(read.web_chat)
    except NotFound:
        raise TicketRefused from None
    if web_chat.generation != read.generation:
        raise TicketRefused
    return web_chat


def _person(web_chat: WebChat, hello: Hello, refusals: list[ChatError]) -> Person | None:
    if not hello.identity:
        return None
    try:
        return identity.read(hello.identity, web_chat=web_chat.pk)
    except IdentityRefused:
        # What exactly is wrong is for the site's owner, not for whoever tries tokens.
        if web_chat.identity_enforced:
            raise IdentityRefused from None
        refusals.append(IdentityRefused())
        return None


def _is_of_another(visitor: Visitor, web_chat: WebChat, hello: Hello) -> bool:
    """Whether the page speaks of somebody else than of the visitor whose token its browser has, though it
    proves nothing: what is that visitor's is not for who is there now, nor what these write for that visitor.
    The token stays what it is; whoever can send it here could use it without any of this."""
    if visitor.verified:
        if not hello.identity:
            return False
        said = identity.subject_said(hello.identity)
        return not said or not visitor.contact.places.filter(inbox=web_chat.inbox_id, source_id=said).exists()
    if hello.contact is None or hello.contact == visitor.contact_id:
        return False
    return _contact_named(web_chat, hello.contact) is not None


def _known_person(
    web_chat: WebChat, hello: Hello, token: VisitorToken | None, person: Person
) -> Guest | None:
    """Somebody of whom anything is stored already: as the person, or as the stranger they were until now."""
    contact = contact_known_as(web_chat, person)
    if token is None and contact is None:
        return None
    if token and token.visitor.verified and (contact is None or token.visitor.contact_id != contact.pk):
        # Somebody else is logged in now.
        visitor_tokens.revoke(VisitorToken.objects.filter(pk=token.pk))
        token = None
        if contact is None:
            return None
    if token and token.visitor.verified:
        newest_particulars(token.visitor.contact, person)
        row, told = visitor_tokens.renew(token, signed=True)
    else:
        visitor = identified(web_chat, person, site=hello.site, stranger=token.visitor if token else None)
        row, told = visitor_tokens.keep(visitor, web_chat.generation)
    return _guest(web_chat, hello, row, told=told)


def _guest(
    web_chat: WebChat,
    hello: Hello,
    token: VisitorToken,
    *,
    told: str,
    refusals: list[ChatError] | None = None,
) -> Guest:
    visitor = token.visitor
    visit = _visit(web_chat, visitor.contact_id, verified=visitor.verified, address=hello.address)
    return Guest(
        _principal(web_chat, visitor.pk, visitor.contact.name, visit),
        visit,
        web_chat.generation,
        visitor.site,
        token.pk,
        told,
        refusals=tuple(refusals or ()),
    )


def _newcomer(web_chat: WebChat, hello: Hello, person: Person | None, refusals: list[ChatError]) -> Guest:
    """Somebody of whom nothing is stored, and nothing is until they write."""
    token, verified = hello.token or "", person is not None
    before = visitor_tokens.read_first_token(token, web_chat=web_chat, site=hello.site) if token else None
    if token and before is None:
        refusals.append(TokenRefused())
    id = before.id if before else uuid4()
    # What they were told says whether their site had signed who they are: another one when that has changed.
    kept = token if before and before.verified == verified else ""
    told = kept or visitor_tokens.first_token(id, web_chat=web_chat, site=hello.site, verified=verified)
    known = None if person or not hello.contact else _contact_named(web_chat, hello.contact)
    visit = _visit(web_chat, known.pk if known else uuid4(), verified=verified, address=hello.address)
    return Guest(
        _principal(web_chat, id, ANONYMOUS, visit),
        visit,
        web_chat.generation,
        hello.site,
        told=told,
        person=person,
        known_contact=known is not None,
        refusals=tuple(refusals),
    )


def _contact_named(web_chat: WebChat, id: UUID) -> Contact | None:
    """One that the page names without a signature: what is begun is theirs, what they have is not shown."""
    return Contact.objects.filter(pk=id, organization=web_chat.organization_id, deleted_at=None).first()


def _visit(web_chat: WebChat, contact: UUID, *, verified: bool, address: str | None) -> Visit:
    return Visit(web_chat.pk, web_chat.inbox_id, web_chat.chatbot_id, contact, verified, address)


def _principal(web_chat: WebChat, id: UUID, name: str, visit: Visit) -> Principal:
    """Whom the page only says to be a contact does not learn the contact's name from us."""
    sees_sources, name = shows_sources(web_chat), name if visit.verified else ANONYMOUS
    return Principal("visitor", id, web_chat.organization_id, name, visit, sees_sources=sees_sources)


def check_open(guest: Guest) -> None:
    """Raise ``TicketRefused`` if the web chat was closed or begun anew since they came, or its chatbot
    switched off; called first in the transaction that stores a message, which holds the rows beside other
    visitors: a pause waits for it and stops its reply, or was before it."""
    there = WebChat.objects.filter(
        pk=guest.visit.web_chat, is_active=True, chatbot__is_active=True, generation=guest.generation
    )
    if not held(there):
        raise TicketRefused


def settle(guest: Guest, profile: dict[str, Any] | None) -> Guest:
    """Store a newcomer; called in the transaction that stores their first message. Raises ``BadRequest`` for
    a profile that does not fit the form, ``Conflict`` if the person came to be known at the same moment: they
    have to come again."""
    web_chat = open_web_chat(guest.visit.web_chat)
    answers = _answers(guest, web_chat, profile)
    contact = _contact(guest, web_chat, answers)
    visitor = Visitor.objects.create(
        pk=guest.principal.id,
        web_chat=web_chat,
        contact=contact,
        site=guest.site,
        verified=guest.visit.verified,
        consented_at=timezone.now() if answers.consent else None,
    )
    token, _text = visitor_tokens.keep(visitor, guest.generation, text=guest.told)
    name = contact.name if guest.visit.verified else ANONYMOUS
    return replace(guest, token=token.pk, principal=replace(guest.principal, name=name))


def _answers(guest: Guest, web_chat: WebChat, profile: dict[str, Any] | None) -> Profile:
    """A contact that the site named is not asked again who they are, only whether they agree."""
    form = form_of(web_chat.form)
    if form and guest.known_contact:
        form = {**form, "fields": []}
    person = guest.person
    return profile_of(form, profile, name=person.name if person else "", email=person.email if person else "")


def _contact(guest: Guest, web_chat: WebChat, answers: Profile) -> Contact:
    if guest.known_contact:
        known = _contact_named(web_chat, guest.visit.contact)
        if known is None:
            raise Conflict
        place_contact(known, web_chat.inbox)
        return known
    person = guest.person
    if person is not None:
        contact = contact_known_as(web_chat, person, make=guest.visit.contact)
        if contact is None or contact.pk != guest.visit.contact:
            raise Conflict
    else:
        contact = Contact.objects.create(
            pk=guest.visit.contact, organization_id=web_chat.organization_id, name=ANONYMOUS
        )
        ContactInbox.objects.create(contact=contact, inbox_id=web_chat.inbox_id)
    contact.name, contact.email = answers.name or contact.name, answers.email or contact.email
    contact.profile = answers.stored
    contact.save(update_fields=["name", "email", "profile", "updated_at"])
    return contact


def visitor_with(*, web_chat: UUID, site: str, token: str) -> Principal:
    """Who reads over HTTP. Raises ``NotFound`` for a web chat that is closed, ``TokenRefused`` and
    ``IdentityRequired``."""
    place = open_web_chat(web_chat)
    found = visitor_tokens.token_of(token, web_chat=web_chat, site=site_of(site)) if token else None
    if found is None:
        raise TokenRefused
    visitor = found.visitor
    if place.identity_enforced and not visitor.verified:
        raise IdentityRequired
    visit = _visit(place, visitor.contact_id, verified=visitor.verified, address=None)
    return _principal(place, visitor.pk, visitor.contact.name, visit)


def writer_with(*, web_chat: UUID, site: str, token: str) -> Principal:
    """The same, or somebody of whom nothing is stored, with the first token that they were told: whoever has
    that was let in. What they put down for their first message is theirs when it is stored."""
    try:
        return visitor_with(web_chat=web_chat, site=site, token=token)
    except TokenRefused:
        place = open_web_chat(web_chat)
        newcomer = visitor_tokens.read_first_token(token, web_chat=place, site=site_of(site))
        if newcomer is None:
            raise
    if place.identity_enforced and not newcomer.verified:
        raise IdentityRequired
    visit = _visit(place, uuid4(), verified=newcomer.verified, address=None)
    return _principal(place, newcomer.id, ANONYMOUS, visit)


def ticket(web_chat: UUID) -> str:
    """Raises ``NotFound`` for a web chat that is closed."""
    return visitor_tokens.ticket_for(open_web_chat(web_chat))


def clear_history(*, principal: Principal) -> None:
    """What was begun until now is shown to this visitor no more; it stays for whoever reviews it."""
    Visitor.objects.filter(pk=principal.id).update(cleared_at=timezone.now())


def allowed_metadata(principal: Principal, asked: dict[str, Any] | None) -> dict[str, Any] | None:
    """What a page may ask of the knowledge for its visitor."""
    if asked is None:
        return None
    contacts = Contact.objects.filter(pk__in=[principal.contact_id], organization=principal.organization_id)
    return narrowed(contacts.values_list("query_metadata", flat=True).first(), asked)


def guests_lost(guests: set[Guest]) -> set[Guest]:
    """Those that may no longer be connected: their web chat is closed, begins anew, demands a signed identity
    or is no longer for their site, or their token is gone."""
    places = open_web_chats({guest.visit.web_chat for guest in guests})
    without = visitor_tokens.lost_among({guest.token for guest in guests if guest.token})
    return {
        guest
        for guest in guests
        if guest.token in without
        or (place := places.get(guest.visit.web_chat)) is None
        or place.generation != guest.generation
        or (place.identity_enforced and not guest.visit.verified)
        or not may_stand_on(place, guest.site)
    }
