"""What hints say, and the groups to which they are told."""

from __future__ import annotations

from typing import Any, Literal, Protocol, TypedDict
from uuid import UUID

What = Literal["message", "conversation", "deleted"]
#: A group and what is told to it: a few strings and numbers.
Post = tuple[str, dict[str, Any]]

#: Every process's engine listens here.
ENGINES = "engines"
#: Every process's worker listens here: a job is due.
WORKERS = "workers"
CONVERSATION = "conversation."


class Hint(TypedDict):
    """``message``: a message of the conversation is new or has a new attempt. ``conversation``: its row
    changed. ``deleted``: it is gone."""

    what: What
    id: str
    conversation: str


class Wake(TypedDict):
    """For engines. ``stop``: this reply is to end. ``work``: a reply waits that no process has. ``ended``:
    replies of a dead process were ended for it."""

    what: Literal["stop", "work", "ended"]
    reply: str


class Owned(Protocol):
    """A conversation, as far as hints go."""

    pk: UUID
    owner_id: UUID | None
    contact_id: UUID | None


def conversation_group(conversation: UUID) -> str:
    return f"{CONVERSATION}{conversation.hex}"


def owner_group(conversation: Owned) -> str | None:
    """The group of the member or visitor to whom a conversation belongs."""
    if conversation.owner_id is not None:
        return f"principal.member.{conversation.owner_id.hex}"
    return f"principal.visitor.{conversation.contact_id.hex}" if conversation.contact_id is not None else None


def post_of(group: str, what: What, id: UUID, conversation: UUID) -> Post:
    return group, dict(Hint(what=what, id=str(id), conversation=str(conversation)))
