"""One message to many contacts: each gets it in the conversation that they had last."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from uuid import UUID, uuid4

from django.db import OperationalError

from chat.db import refusal
from chat.exceptions import ChatError
from chat.principals import Principal
from chat.selectors.contacts import contacts_in, contacts_of, inboxes_for, latest_conversations
from chat.services.contents import checked
from chat.services.outgoing import post_outgoing

#: Clients know these sentences.
UNKNOWN = "Contact not found."
SILENT = "No conversation found for this contact."


@dataclass(frozen=True, slots=True)
class Sent:
    contact: UUID
    conversation: UUID
    message: UUID


@dataclass(frozen=True, slots=True)
class Broadcast:
    """``failed``: the ids of the others, as they were given, each with a sentence."""

    sent: list[Sent] = field(default_factory=list)
    failed: dict[str, str] = field(default_factory=dict)


def contacts_of_inbox(principal: Principal, inbox: UUID, *, most: int) -> list[str]:
    """The ids of at most so many. ``NotFound``: the inbox is not theirs."""
    inboxes_for(principal, [inbox])
    rows = contacts_in(contacts_of(principal), [inbox]).values_list("pk", flat=True)[:most]
    return [str(id) for id in rows]


def broadcast(*, principal: Principal, content: str, contacts: Iterable[str]) -> Broadcast:
    """Send the content to each, one after the other. What cannot be sent to one is no reason not to send to
    the next: the result names both."""
    checked(content, None)
    told = Broadcast()
    ids = {given: _id(given) for given in contacts}
    latest = latest_conversations(principal, [id for id in ids.values() if id])
    seen: set[UUID] = set()
    for given, id in ids.items():
        if id is None or id not in latest:
            told.failed[given] = UNKNOWN
        elif (conversation := latest[id]) is None:
            told.failed[given] = SILENT
        elif id not in seen:
            seen.add(id)
            _send(principal, content, Sent(id, conversation, uuid4()), told)
    return told


def _send(principal: Principal, content: str, to: Sent, told: Broadcast) -> None:
    try:
        post_outgoing(principal=principal, id=to.message, conversation=to.conversation, content=content)
    except ChatError as error:
        told.failed[str(to.contact)] = str(error.message)
    except OperationalError as error:
        told.failed[str(to.contact)] = str(refusal(error).message)
    else:
        told.sent.append(to)


def _id(given: str) -> UUID | None:
    try:
        return UUID(given)
    except ValueError:
        return None
