"""How much of a conversation fits into a model's context, without a tokenizer."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from chat.completions.deltas import Source, Turn

#: What the roles and separators around one message cost.
TOKENS_PER_TURN = 4


def estimated_tokens(text: str) -> int:
    """About four ASCII characters to a token, and one of any other script: rather too many than too few."""
    ascii_length = len(text.encode("ascii", "ignore"))
    return len(text) - ascii_length + (ascii_length + 3) // 4


def room_for_prompt(context_tokens: int) -> int:
    """A quarter of the context is left for the reply."""
    return context_tokens - context_tokens // 4


def fitting_sources(sources: Sequence[Source], room: int) -> list[Source]:
    """The first sources, best first, that fit into ``room`` tokens."""
    fitting: list[Source] = []
    for source in sources:
        room -= TOKENS_PER_TURN + estimated_tokens(f"{source.title}{source.heading}{source.text}")
        if room < 0:
            break
        fitting.append(source)
    return fitting


def fitting_turns(turns: Sequence[Turn], room: int) -> list[Turn]:
    """The newest turns that fit into ``room`` tokens, oldest first; the last one whatever its length."""
    fitting: list[Turn] = []
    for turn in reversed(turns):
        room -= TOKENS_PER_TURN + estimated_tokens(turn.content)
        if room < 0 and fitting:
            break
        fitting.append(turn)
    fitting.reverse()
    return fitting
