"""Who acts: the four kinds of caller that the product knows."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal
from uuid import UUID

Kind = Literal["member", "visitor", "key", "system"]


@dataclass(frozen=True, slots=True)
class Principal:
    """A member (``id`` of the user), a visitor (of the contact), an API key (of the key) or the system."""

    kind: Kind
    id: UUID
    organization_id: UUID
    name: str = ""

    @property
    def label(self) -> str:
        """How rows remember who made them; ids are unique per label."""
        return f"{self.kind}:{self.id}"

    @property
    def group(self) -> str:
        """The channel layer's name for everything of theirs that listens."""
        return f"principal.{self.kind}.{self.id.hex}"
