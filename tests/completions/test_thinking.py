from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from chat.completions.thinking import ThinkSplitter

fragments = st.lists(
    st.sampled_from(["<", "<think>", "</think>", "<thi", "nk>", "</", "a b", "\n", " ", "漢"])
)


def split(pieces: list[str]) -> tuple[str, str]:
    splitter = ThinkSplitter()
    parts = [part for piece in pieces for part in splitter.feed(piece)] + splitter.close()
    assert all(text for _, text in parts)
    thoughts = [text for kind, text in parts if kind == "reasoning"]
    return "".join(thoughts), "".join(text for kind, text in parts if kind == "text")


@given(fragments)
def test_any_chunking_gives_the_same_two_texts(pieces: list[str]) -> None:
    whole = "".join(pieces)
    assert split(pieces) == split(list(whole)) == (split([whole]) if whole else ("", ""))


@given(fragments)
def test_an_answer_that_does_not_begin_with_a_thought_is_left_alone(pieces: list[str]) -> None:
    assert split(["Well, ", *pieces]) == ("", "Well, " + "".join(pieces))


def test_a_thought_at_the_beginning_is_kept_apart() -> None:
    assert split(["\n<thi", "nk>\nhm <b>", "</thi", "nk>\n\n", "Yes. <think>no</think>"]) == (
        "hm <b>",
        "Yes. <think>no</think>",
    )


def test_a_thought_that_never_ends_is_a_thought() -> None:
    assert split(["<think>", "and so on</th"]) == ("and so on</th", "")


def test_plain_text_passes_at_once() -> None:
    splitter = ThinkSplitter()
    assert splitter.feed("<") == []
    assert splitter.feed("b>bold") == [("text", "<b>bold")]
    assert splitter.plain
