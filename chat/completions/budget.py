"""How much of a conversation fits into a model's context, without a tokenizer."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from chat.completions.deltas import Attached

if TYPE_CHECKING:
    from collections.abc import Sequence

    from chat.completions.deltas import Prompt, Source, Turn

#: What the roles and separators around one message cost.
TOKENS_PER_TURN = 4
#: What the models that tell it take for a picture of 1000 by 1000 pixels.
TOKENS_PER_IMAGE = 1000


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
        room -= _tokens_of_source(source)
        if room < 0:
            break
        fitting.append(source)
    return fitting


def _tokens_of_source(source: Source) -> int:
    return TOKENS_PER_TURN + estimated_tokens(f"{source.title}{source.heading}{source.text}")


def prompt_tokens(prompt: Prompt, context_tokens: int) -> int:
    """About what a prompt costs that has been cut to fit; its last turn is never cut."""
    instructions = estimated_tokens(prompt.instructions)
    last = instructions + sum(map(tokens_of, prompt.turns[-1:]))
    whole = instructions + sum(map(tokens_of, prompt.turns)) + sum(map(_tokens_of_source, prompt.sources))
    return min(whole, max(last, room_for_prompt(context_tokens)))


def tokens_of(turn: Turn) -> int:
    """What a turn costs with its files."""
    return TOKENS_PER_TURN + estimated_tokens(turn.content) + sum(map(_tokens_of_file, turn.attached))


def _tokens_of_file(file: Attached) -> int:
    return estimated_tokens(file.filename + file.text) + (TOKENS_PER_IMAGE if file.image else 0)


def with_fitting_files(turn: Turn, room: int) -> Turn:
    """The turn with the files that fit into ``room`` tokens, in their order; of the others their names."""
    files: list[Attached] = []
    for file in turn.attached:
        cost = _tokens_of_file(file)
        files.append(file if cost <= room else Attached(file.filename))
        room -= cost if cost <= room else 0
    return replace(turn, attached=tuple(files)) if files else turn


def fitting_turns(turns: Sequence[Turn], room: int) -> list[Turn]:
    """The newest turns that fit into ``room`` tokens, oldest first; the last one whatever its length."""
    fitting: list[Turn] = []
    for turn in reversed(turns):
        room -= tokens_of(turn)
        if room < 0 and fitting:
            break
        fitting.append(turn)
    fitting.reverse()
    return fitting
