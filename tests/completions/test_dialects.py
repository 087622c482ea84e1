"""What real servers send, shortened: one file each, named by its server."""

from __future__ import annotations

from pathlib import Path

import pytest

from chat.completions.decoder import StreamDecoder
from chat.completions.deltas import Delta, Finish, ReasoningDelta, TextDelta, Usage

FILES = sorted((Path(__file__).parent / "dialects").glob("*.sse"))


def decoded(chunks: list[bytes]) -> tuple[str, str, list[Delta]]:
    decoder = StreamDecoder()
    deltas = [delta for chunk in chunks for delta in decoder.feed(chunk)] + decoder.close()
    assert decoder.failure is None
    text = "".join(delta.text for delta in deltas if isinstance(delta, TextDelta))
    thought = "".join(delta.text for delta in deltas if isinstance(delta, ReasoningDelta))
    return text, thought, decoder.end()


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_each_dialect_gives_text_thought_usage_and_end(path: Path) -> None:
    stream = path.read_bytes()
    thought = "" if path.stem == "openai" else "A greeting."
    expected = ("Hello, 世界!", thought, [Usage(11, 4), Finish("stop")])
    assert decoded([stream]) == expected
    assert decoded([bytes([byte]) for byte in stream]) == expected


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_a_stream_cut_anywhere_keeps_a_prefix_of_the_text(path: Path) -> None:
    stream = path.read_bytes()
    for cut in range(0, len(stream), 7):
        decoder = StreamDecoder()
        deltas = decoder.feed(stream[:cut]) + decoder.close()
        text = "".join(delta.text for delta in deltas if isinstance(delta, TextDelta))
        assert "Hello, 世界!".startswith(text)
