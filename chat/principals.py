"""Who acts: the four kinds of caller that the product knows."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal
from uuid import UUID

Kind = Literal["member", "visitor", "key", "system"]


@dataclass(frozen=True, slots=True)
class Visit:
    """Where a visitor of an embedded chat is, and as which contact. ``verified``: the site has signed who
    they are."""

    web_chat: UUID
    inbox: UUID
    chatbot: UUID
    contact: UUID
    verified: bool = False
    #: Where they come from, as an IP address.
    address: str | None = None


@dataclass(frozen=True, slots=True)
class Principal:
    """A member (``id`` of the user), a visitor, an API key (of the key) or the system.

    A visitor with a ``visit`` came by an embedded page (``id`` of the ``Visitor``); one without is a stranger
    to the API, who is known by the contact that they are in one conversation (``id`` of the contact).
    """

    kind: Kind
    id: UUID
    organization_id: UUID
    name: str = ""
    visit: Visit | None = None
    #: Whether they are shown what replies rest on; a web chat can withhold it from its visitors.
    sees_sources: bool = True

    @property
    def label(self) -> str:
        """How rows remember who made them; ids are unique per label."""
        return f"{self.kind}:{self.id}"

    @property
    def contact_id(self) -> UUID | None:
        """The contact as whom a visitor writes."""
        if self.visit is not None:
            return self.visit.contact
        return self.id if self.kind == "visitor" else None

    @property
    def group(self) -> str:
        """The channel layer's name for everything of theirs that listens."""
        return f"principal.{self.kind}.{self.id.hex}"

    @property
    def hears(self) -> tuple[str, ...]:
        """Where they hear of their conversations: a visitor also where their contact's are told of."""
        if self.visit is None:
            return (self.group,)
        return self.group, f"principal.visitor.{self.visit.contact.hex}"
