from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chat.completions.decoder import MAX_TEXT, StreamDecoder
from chat.completions.deltas import Finish, ReasoningDelta, TextDelta, Usage
from chat.completions.errors import (
    UpstreamBadData,
    UpstreamBusy,
    UpstreamCut,
    UpstreamFault,
    UpstreamTooLong,
)

DONE = b"data: [DONE]\n\n"


def event(payload: Any) -> bytes:
    return f"data: {json.dumps(payload)}\n\n".encode()


def token(text: Any, **choice: Any) -> bytes:
    return event({"choices": [{"index": 0, "delta": {"content": text}, **choice}]})


def text_of(*chunks: bytes) -> str:
    decoder = StreamDecoder()
    deltas = [delta for chunk in chunks for delta in decoder.feed(chunk)] + decoder.close()
    decoder.end()
    return "".join(delta.text for delta in deltas if isinstance(delta, TextDelta))


def test_the_tokens_of_one_read_are_one_delta() -> None:
    decoder = StreamDecoder()
    assert decoder.feed(token("Hel") + token("lo")) == [TextDelta("Hello")]
    assert decoder.feed(token("!")) == [TextDelta("!")]
    assert decoder.feed(b": nothing yet\n\n") == []


@given(st.text(max_size=40).map(lambda text: "-" + text), st.data())
def test_any_text_arrives_whole_however_it_is_cut(text: str, data: st.DataObject) -> None:
    stream = token(text) + DONE
    cut = data.draw(st.integers(0, len(stream)))
    assert text_of(stream[:cut], stream[cut:]) == text.replace("\0", "")


KEYS = [
    "index",
    "delta",
    "content",
    "type",
    "thinking",
    "text",
    "reasoning",
    "finish_reason",
    "error",
    "code",
]
oddities = st.recursive(
    st.none() | st.text() | st.integers() | st.sampled_from(["thinking", "error"]),
    lambda inner: st.lists(inner) | st.dictionaries(st.sampled_from(KEYS), inner),
)


@given(st.lists(st.binary(max_size=60)), oddities)
def test_no_stream_raises_while_it_is_read(chunks: list[bytes], odd: Any) -> None:
    decoder = StreamDecoder()
    shapes = [odd, {"choices": odd}, {"choices": [{"delta": odd}]}, {"choices": [odd]}, {"usage": odd}]
    for chunk in [*chunks, *map(event, shapes), DONE]:
        decoder.feed(chunk)
    decoder.close()


def test_invalid_utf8_becomes_the_replacement_character() -> None:
    assert text_of(token("a@b").replace(b"@", b"\xff"), DONE) == "a\ufffdb"


def test_nul_is_removed_and_half_a_surrogate_pair_is_replaced() -> None:
    assert text_of(token("a\0b"), b'data: {"choices":[{"delta":{"content":"c\\ud800d"}}]}\n\n', DONE) == (
        "abc\ufffdd"
    )


@pytest.mark.parametrize(
    "bad",
    [
        b'data: {"choices":[{"delta":{"content": \n\n',
        token("one")[:-1] + token("two"),
        b'{"choices":[{"delta":{"content":"lost"}}]}\n\n',
        event([1, 2]),
        event({"choices": "none"}),
        token(7),
        b"data: hello\n\n",
        b"data: " + b"[" * 5000 + b"\n\n",
    ],
)
def test_good_events_around_a_bad_one_are_kept(bad: bytes) -> None:
    decoder = StreamDecoder()
    assert decoder.feed(token("a") + bad + token("b") + DONE) == [TextDelta("ab")]
    with pytest.raises(UpstreamBadData):
        decoder.end()


@pytest.mark.parametrize(
    "odd",
    [
        event({}),
        event({"choices": []}),
        event({"choices": None}),
        event({"choices": [{"index": 0, "delta": None}]}),
        event({"choices": [{"index": 0, "delta": {"role": "assistant", "tool_calls": [{}]}}]}),
        event({"choices": [{"index": 1, "delta": {"content": "second"}, "finish_reason": "length"}]}),
        event({"choices": [], "usage": {"prompt_tokens": "many"}}),
        b"event: ping\ndata:\n\n",
        b"id: 7\nretry: 10\n\n",
    ],
)
def test_what_says_nothing_is_passed_over(odd: bytes) -> None:
    assert text_of(token("a"), odd, token("b"), DONE) == "ab"


def test_the_reason_and_the_last_usage_end_a_reply() -> None:
    decoder = StreamDecoder()
    counts = {"prompt_tokens": 3, "completion_tokens": 1}
    decoder.feed(event({"choices": [], "usage": counts}) + token("a", finish_reason="length"))
    decoder.feed(event({"choices": [], "usage": counts | {"completion_tokens": 2}}))
    assert decoder.end() == [Usage(3, 2), Finish("length")]


def test_without_a_reason_and_without_done_a_reply_is_cut() -> None:
    decoder = StreamDecoder()
    decoder.feed(token("a"))
    decoder.close()
    with pytest.raises(UpstreamCut):
        decoder.end()


def test_done_without_its_blank_line_is_an_end() -> None:
    assert text_of(token("a"), b"data: [DONE]") == "a"


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        ({"error": {"message": "out of memory", "code": 500}}, UpstreamFault),
        ({"error": "out of memory"}, UpstreamFault),
        ({"object": "error", "message": "out of memory", "code": 400}, UpstreamFault),
        ({"error": {"message": "slow down", "code": 429}}, UpstreamBusy),
        ({"choices": [{"index": 0, "delta": {}, "finish_reason": "error"}]}, UpstreamFault),
    ],
)
def test_an_error_in_the_stream_is_the_failure_and_the_text_before_it_is_kept(
    error: dict[str, Any], kind: type
) -> None:
    decoder = StreamDecoder()
    assert decoder.feed(token("a") + event(error) + token("b")) == [TextDelta("a")]
    assert type(decoder.failure) is kind


def test_a_null_error_is_none_and_hides_no_other() -> None:
    assert text_of(event({"choices": [], "error": None}), token("a"), DONE) == "a"
    decoder = StreamDecoder()
    decoder.feed(event({"choices": [{"delta": {}, "finish_reason": "error"}], "error": None}))
    assert isinstance(decoder.failure, UpstreamFault)


def test_reasons_and_counts_that_make_no_sense_do_no_harm() -> None:
    decoder = StreamDecoder()
    decoder.feed(event({"choices": [], "usage": {"prompt_tokens": -1, "completion_tokens": 10**30}}))
    decoder.feed(b'data: {"choices":[{"delta":{},"finish_reason":"\\u0000\\ud800' + b"x" * 500 + b'"}]}\n\n')
    assert decoder.end() == [Finish("\ufffd" + "x" * 39)]


def test_an_answer_of_blanks_only_is_not_kept_back_for_ever() -> None:
    decoder = StreamDecoder()
    assert decoder.feed(token(" " * 2000)) == [TextDelta(" " * 2000)]


def test_a_reply_is_cut_at_its_limit_in_whole_characters() -> None:
    decoder = StreamDecoder()
    text = ""
    while decoder.failure is None:
        text += "".join(
            delta.text for delta in decoder.feed(token("漢字" * 700)) if isinstance(delta, TextDelta)
        )
    assert isinstance(decoder.failure, UpstreamTooLong)
    assert MAX_TEXT - 3 < len(text.encode()) <= MAX_TEXT


def test_thoughts_are_kept_apart_in_a_field_or_inline() -> None:
    field = event({"choices": [{"delta": {"reasoning_content": "hm"}}]})
    decoder = StreamDecoder()
    assert decoder.feed(field + token("<think>well</think>\n\nYes")) == [
        ReasoningDelta("hmwell"),
        TextDelta("Yes"),
    ]


@pytest.mark.parametrize(
    "body",
    [b"", b"<html>", b"{}", b"[1]", b'{"choices":[]}', b'{"choices":[{"text":"x"}]}', b'{"choices":[{}]}'],
)
def test_a_body_that_is_no_completion_is_a_fault(body: bytes) -> None:
    decoder = StreamDecoder()
    try:
        decoder.whole(body)
    except UpstreamFault:
        return
    assert isinstance(decoder.failure, UpstreamFault)


def test_a_whole_completion_is_decoded_like_a_stream() -> None:
    message = {"role": "assistant", "content": "<think>hm</think>Yes"}
    body = {"choices": [{"index": 0, "message": message, "finish_reason": "stop"}]}
    decoder = StreamDecoder()
    assert decoder.whole(json.dumps(body).encode()) == [ReasoningDelta("hm"), TextDelta("Yes")]
    assert decoder.end() == [Finish("stop")]
