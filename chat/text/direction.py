"""Characters that turn the direction of the text after them."""

from __future__ import annotations

import re

#: Embeddings, overrides and isolates. The marks that belong into right-to-left text stay.
_TURNS = re.compile("[\u202a-\u202e\u2066-\u2069]")


def without_turns(text: str) -> str:
    """What a stranger wrote, as it is shown among other things: with one of these ``moc.knab`` is read as
    ``bank.com``, and what follows it is read backwards."""
    return _TURNS.sub("", text)
