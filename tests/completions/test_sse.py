from __future__ import annotations

import tracemalloc

from hypothesis import given
from hypothesis import strategies as st

from chat.completions.sse import MAX_LINE, EventParser

#: Every character at which ``str.splitlines()`` breaks a line, but for the two that SSE breaks at.
SEPARATORS = "\u000b\u000c\u001c\u001d\u001e\u0085\u2028\u2029"
texts = st.text(st.sampled_from('aé漢😀: {}[]"\t' + SEPARATORS), max_size=12)
line_ends = st.sampled_from([b"\n", b"\r", b"\r\n"])
lines = st.one_of(
    texts.map(lambda text: f"data: {text}"),
    texts.map(lambda text: f"data:{text}"),
    texts.map(lambda text: f": {text}"),
    st.sampled_from(["", "", "data", "event: error", "id: 7", "retry: 10", '{"stray": 1}']),
)


@st.composite
def streams(draw: st.DrawFn) -> bytes:
    body = b"".join(draw(st.lists(st.builds(lambda line, end: line.encode() + end, lines, line_ends))))
    return draw(st.sampled_from([b"", b"\xef\xbb\xbf"])) + body


@st.composite
def chunkings(draw: st.DrawFn) -> tuple[bytes, list[bytes]]:
    stream = draw(streams())
    cuts = sorted(draw(st.lists(st.integers(0, len(stream)), max_size=20)))
    return stream, [stream[a:b] for a, b in zip([0, *cuts], [*cuts, len(stream)], strict=True)]


def parsed(chunks: list[bytes]) -> tuple[list[bytes], bytes | None, int, bool]:
    parser = EventParser()
    events = [event for chunk in chunks for event in parser.feed(chunk)]
    return events, parser.close(), parser.stray, parser.overflow


@given(chunkings())
def test_any_chunking_gives_the_same_events(case: tuple[bytes, list[bytes]]) -> None:
    stream, chunks = case
    assert parsed(chunks) == parsed([stream])


@given(streams())
def test_byte_by_byte_gives_the_same_events(stream: bytes) -> None:
    assert parsed([bytes([byte]) for byte in stream]) == parsed([stream])


@given(st.lists(st.binary(max_size=40)))
def test_no_input_raises(chunks: list[bytes]) -> None:
    parsed(chunks)


@given(st.lists(texts.filter(lambda text: text), min_size=1), line_ends)
def test_each_event_is_what_was_sent(sent: list[str], end: bytes) -> None:
    stream = b"".join(b"data: " + text.encode() + end * 2 for text in sent)
    assert parsed([stream])[0] == [text.encode() for text in sent]


def test_data_of_several_lines_is_joined_and_comments_are_not_data() -> None:
    assert parsed([b": hello\nevent: x\ndata: one\n: between\ndata: two\n\n"])[0] == [b"one\ntwo"]


def test_only_one_space_after_the_colon_is_dropped() -> None:
    assert parsed([b"data:  x\n\ndata:y\n\n"])[0] == [b" x", b"y"]


def test_an_event_without_its_blank_line_is_handed_out_at_the_end() -> None:
    assert parsed([b"data: [DO", b"NE]"])[:2] == ([], b"[DONE]")


def test_json_in_the_place_of_a_field_is_counted() -> None:
    assert parsed([b'{"choices":[]}\n\ndata: x\n\n'])[::2] == ([b"x"], 1)


def test_an_endless_line_ends_the_stream_and_is_not_kept() -> None:
    parser = EventParser()
    assert parser.feed(b"data: good\n\n") == [b"good"]
    block = b"x" * 65536
    tracemalloc.start()
    for _ in range(320):
        assert parser.feed(block) == []
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert parser.overflow
    assert peak < 1_000_000
    assert parser.feed(b"\n\ndata: late\n\n") == []


def test_an_event_of_endless_lines_ends_the_stream() -> None:
    parser = EventParser()
    for _ in range(MAX_LINE // 1000 + 1):
        parser.feed(b"data: " + b"y" * 1000 + b"\n")
    assert parser.overflow
