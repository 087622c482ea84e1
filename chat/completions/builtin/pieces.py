"""The answer in small pieces, at a reader's pace: it looks, stops and resumes like any other reply."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncGenerator

from chat.completions.builtin.compose import composed
from chat.completions.deltas import Delta, Finish, Prompt, TextDelta, Usage

#: Seconds between two pieces.
PACE = 0.012
#: A word with the space before it, up to two Chinese characters, or a run of anything else.
_PIECE = re.compile(
    r"\s*(?:[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af\uf900-\ufaff]{1,2}|[A-Za-z0-9_'’]+|\S)|\s+$"
)


async def stream(prompt: Prompt, *, pace: float = PACE) -> AsyncGenerator[list[Delta], None]:
    """The answer piece by piece, its usage, and the end."""
    pieces = _PIECE.findall(composed(prompt))
    for piece in pieces:
        yield [TextDelta(piece)]
        await asyncio.sleep(pace)
    asked = sum(len(_PIECE.findall(text)) for text in _read(prompt))
    yield [Usage(prompt_tokens=asked, completion_tokens=len(pieces)), Finish("stop")]


def _read(prompt: Prompt) -> list[str]:
    return [*(turn.content for turn in prompt.turns), *(source.text for source in prompt.sources)]
