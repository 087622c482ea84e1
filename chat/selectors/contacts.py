"""Contacts: those who write to an organization from outside, and by what they are known."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from uuid import UUID

from django.db.models import OuterRef, Prefetch, Q, QuerySet, Subquery
from django.db.models.lookups import Exact

from chat.exceptions import NotFound
from chat.models import Contact, ContactInbox, Conversation, Inbox
from chat.models.handles import Handle
from chat.principals import Principal
from chat.selectors.conversations import rest_conversations


def contact_for(principal: Principal, id: UUID) -> Contact:
    found = contacts_of(principal).filter(pk=id).first()
    if found is None:
        raise NotFound
    return found


def contacts_of(principal: Principal) -> QuerySet[Contact]:
    """Newest first, without those that were deleted, each with its places; a visitor is the only contact they
    may see."""
    places = ContactInbox.objects.select_related("inbox").order_by("inbox__created_at", "inbox")
    rows = Contact.objects.filter(organization=principal.organization_id, deleted_at=None)
    if principal.kind == "visitor":
        rows = rows.filter(pk__in=[principal.contact_id])
    return rows.prefetch_related(Prefetch("places", queryset=places)).order_by("-created_at", "-pk")


def contacts_matching(principal: Principal, words: str) -> QuerySet[Contact]:
    """Those whose name, id, id at their source, e-mail or telephone contain the words."""
    fields = ("name", "id", "source_id", "email", "phone_number")
    found = Q()
    for field in fields:
        found |= Q(**{f"{field}__icontains": words})
    return contacts_of(principal).filter(found)


def contacts_in(rows: QuerySet[Contact], inboxes: list[UUID]) -> QuerySet[Contact]:
    """Those of the rows that have a place in one of the inboxes."""
    return rows.filter(pk__in=ContactInbox.objects.filter(inbox__in=inboxes).values("contact"))


def contact_known_by(
    principal: Principal, *, email: str, phone_digits: str, handles: Mapping[str, str]
) -> Contact | None:
    """The one who has this e-mail address; else this telephone; else one of these names in other networks.
    Of several the oldest. The values are as ``services.contacts`` stores them; empty ones match nobody."""
    ways = [Q(email=email)] if email else []
    ways += [Q(phone_digits=phone_digits)] if phone_digits else []
    ways += [Q(Exact(Handle("handles", network=one), name)) for one, name in handles.items() if name]
    for way in ways:
        if found := contacts_of(principal).filter(way).order_by("created_at", "pk").first():
            return found
    return None


def inboxes_for(principal: Principal, ids: list[UUID]) -> list[Inbox]:
    """All of these inboxes, or ``NotFound``."""
    found = list(Inbox.objects.filter(pk__in=ids, organization=principal.organization_id))
    if len(found) != len(set(ids)):
        raise NotFound
    return found


def latest_conversations(principal: Principal, ids: Iterable[UUID]) -> dict[UUID, UUID | None]:
    """For each of these contacts whom they may see, the conversation that was active last, if any."""
    latest = rest_conversations(principal).filter(contact=OuterRef("pk")).values("pk")[:1]
    rows = contacts_of(principal).filter(pk__in=set(ids)).order_by()
    return dict(rows.values_list("pk", Subquery(latest)))


def conversations_with(principal: Principal, contact: Contact) -> QuerySet[Conversation]:
    """The contact's conversations as the REST API shows them, most recent first."""
    return rest_conversations(principal).filter(contact=contact)
