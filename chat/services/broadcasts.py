"""One message to many contacts: each gets it in the conversation that they had last.

To a few it is sent while somebody waits; to more in the background, under ids that are told at once.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID, uuid4

from django.db import OperationalError

from chat.db import in_database, refusal
from chat.exceptions import ChatError
from chat.jobs.queue import enqueue_all
from chat.principals import Principal
from chat.selectors.contacts import contacts_in, contacts_of, inboxes_for, latest_conversations
from chat.services.contents import checked
from chat.services.outgoing import post_outgoing

#: Clients know these sentences.
UNKNOWN = "Contact not found."
SILENT = "No conversation found for this contact."
#: To so many it is sent while somebody waits: less than half a second.
AT_ONCE = 50
#: Of more so many are one job.
PIECE = 100


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
    """Send the content to each. What cannot be sent to one is no reason not to send to the next: the result
    names both. In the background, what cannot be sent because of what has happened meanwhile is left."""
    checked(content, None)
    told = Broadcast()
    ids = {given: contact_id(given) for given in contacts}
    latest = latest_conversations(principal, [id for id in ids.values() if id])
    wanted: dict[UUID, Sent] = {}
    for given, id in ids.items():
        if id is None or id not in latest:
            told.failed[given] = UNKNOWN
        elif (conversation := latest[id]) is None:
            told.failed[given] = SILENT
        else:
            wanted.setdefault(id, Sent(id, conversation, uuid4()))
    if len(wanted) > AT_ONCE:
        _send_later(principal, content, list(wanted.values()))
        told.sent.extend(wanted.values())
    else:
        for one in wanted.values():
            _send(principal, content, one, told)
    return told


def _send_later(principal: Principal, content: str, wanted: list[Sent]) -> None:
    by = {"kind": principal.kind, "id": str(principal.id), "name": principal.name}
    shared = {"by": by, "organization": str(principal.organization_id), "content": content}
    pieces = [wanted[at : at + PIECE] for at in range(0, len(wanted), PIECE)]
    enqueue_all(
        "broadcast",
        {
            str(piece[0].message): {
                **shared,
                "to": [[str(one.conversation), str(one.message)] for one in piece],
            }
            for piece in pieces
        },
    )


async def send_some(*, by: dict[str, Any], organization: str, content: str, to: list[list[str]]) -> None:
    """One piece of a broadcast. What was sent already is not sent again: its id is known."""
    principal = Principal(by["kind"], UUID(by["id"]), UUID(organization), by["name"])
    for conversation, message in to:
        await in_database(_send_one, principal, content, UUID(conversation), UUID(message))


def _send_one(principal: Principal, content: str, conversation: UUID, message: UUID) -> None:
    try:
        post_outgoing(principal=principal, id=message, conversation=conversation, content=content)
    except ChatError as error:
        if error.transient:
            raise


def _send(principal: Principal, content: str, to: Sent, told: Broadcast) -> None:
    try:
        post_outgoing(principal=principal, id=to.message, conversation=to.conversation, content=content)
    except ChatError as error:
        told.failed[str(to.contact)] = str(error.message)
    except OperationalError as error:
        told.failed[str(to.contact)] = str(refusal(error).message)
    else:
        told.sent.append(to)


def contact_id(given: str) -> UUID | None:
    """An id however it is written; None: what is given is no id."""
    try:
        return UUID(given)
    except ValueError:
        return None
