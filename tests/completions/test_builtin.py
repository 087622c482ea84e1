"""The built-in provider: what it says of the sources it is given, and how it streams it."""

from __future__ import annotations

import asyncio
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chat.completions import builtin
from chat.completions.builtin.compose import composed
from chat.completions.deltas import Delta, Finish, Prompt, Source, TextDelta, Turn, Usage

BAKING = """Bread needs time.

To bake the bread, do this:

1. Heat the oven to 220 degrees.
2. Put the loaf in:

   ```sh
   oven --insert loaf
   ```

3. Wait forty minutes.

Rye bread keeps for a week.
"""
SETTINGS = """| variable | default | meaning |
|---|---|---|
| `OVEN_HEAT` | `220` | How hot the oven is. |
| `OVEN_LIGHT` | `on` | |
| `OVEN_DOOR` | `shut` | Whether the door is open. |
"""
CHINESE = "烤麵包之前，先把烤箱預熱到 220 度。放進麵團，等四十分鐘。取出後要放涼。"


def source(
    text: str, *, number: int = 1, title: str = "Kitchen", heading: str = "", score: float = 0.9
) -> Source:
    return Source(number, title, heading, text, score)


def prompt(*questions: str, sources: tuple[Source, ...] = (), topics: tuple[str, ...] = ()) -> Prompt:
    return Prompt(tuple(Turn("user", question) for question in questions), sources=sources, topics=topics)


def answer(*questions: str, sources: tuple[Source, ...] = ()) -> str:
    return composed(prompt(*questions, sources=sources))


def test_a_how_question_gets_the_steps_with_their_code_in_their_order() -> None:
    said = answer("How do I bake bread?", sources=(source(BAKING, heading="Bread"),))
    assert (
        "1. Heat the oven to 220 degrees.\n2. Put the loaf in:\n\n   ```sh\n   oven --insert loaf\n   ```"
        in said
    )
    assert said.count("[1]") == 1


def test_a_question_for_a_fact_gets_the_sentence() -> None:
    said = answer("Which bread keeps for a week?", sources=(source(BAKING, heading="Bread"),))
    assert said == "Rye bread keeps for a week. [1]"


def test_a_setting_gets_its_row_in_words() -> None:
    assert answer("What is OVEN_HEAT?", sources=(source(SETTINGS),)) == (
        "- `OVEN_HEAT` (default: `220`): How hot the oven is. [1]"
    )
    assert answer("What is OVEN_LIGHT?", sources=(source(SETTINGS),)) == "- `OVEN_LIGHT`: `on` [1]"


def test_a_sentence_that_leans_on_the_one_before_comes_with_it() -> None:
    long = " ".join(["The oven has a fan."] + ["Nothing to see here at all, really nothing."] * 12)
    text = f"{long} The timer rings after forty minutes. It can be switched off with the red button."
    said = answer("Which button switches off the timer?", sources=(source(text),))
    assert "The timer rings" in said
    assert "red button" in said
    assert "fan" not in said


def test_a_second_source_is_added_only_if_it_says_more() -> None:
    same = source("Rye bread keeps for a week, they say.", number=2, score=0.8)
    more = source("Wheat bread keeps for three days.", number=3, score=0.8)
    said = answer("How long do rye bread and wheat bread keep?", sources=(source(BAKING), same, more))
    assert "[1]" in said
    assert "[2]" not in said
    assert "Wheat bread keeps for three days. [3]" in said


def test_a_marker_never_stands_in_code_or_in_a_table() -> None:
    code = source("```sh\nbread --bake\n```", heading="Bake bread")
    assert answer("How do I bake bread?", sources=(code,)) == "```sh\nbread --bake\n```\n\n[1]"
    rows = "\n".join(f"| bread {number} | bake it |" for number in range(5))
    table = source(f"| what | how |\n|---|---|\n{rows}")
    assert answer("How do I bake bread?", sources=(table,)).endswith("| bread 4 | bake it |\n\n[1]")


def test_links_to_other_documents_become_words_and_pointers_are_left_out() -> None:
    prose = "Bread is in [baking](baking.md), flour at [the mill](https://mill.example)."
    text = f"{prose}\n\n| bread | [baking](baking.md) |"
    said = answer("Where is bread?", sources=(source(text),))
    assert said == "Bread is in baking, flour at [the mill](https://mill.example). [1]"


def test_a_name_that_the_sources_do_not_know_is_owned_up_to() -> None:
    said = answer("How do I bake bread in a Miele?", sources=(source(BAKING, heading="Bread"),))
    assert said.startswith("What I found does not mention “Miele”.\n\n")


def test_a_follow_up_is_understood_with_the_question_before() -> None:
    sources = (
        source("Heat the oven to 220 degrees for bread, and to 180 degrees for cake."),
        source(CHINESE, number=2),
    )
    assert "180 degrees" in answer("How hot is the oven for bread?", "And for cake?", sources=sources)


def test_a_chinese_question_is_answered_in_chinese_without_spaces() -> None:
    said = answer("烤麵包之前要做什麼？", sources=(source(CHINESE),))
    assert said.startswith("烤麵包之前，先把烤箱預熱到 220 度。放進麵團")
    assert said.endswith("。 [1]")


def test_what_can_be_read_comes_before_another_language() -> None:
    sources = (source(CHINESE, score=0.9), source("Heat the oven to 220 degrees first.", number=2, score=0.8))
    assert "[2]" in answer("How hot is the oven, 220?", sources=sources)


def test_without_sources_it_says_so_and_what_it_knows() -> None:
    said = composed(prompt("Who painted the Mona Lisa?", topics=("Baking", "烘焙")))
    assert said.startswith("I found nothing about “Mona Lisa” in what I know. ")
    assert said.endswith("I can answer questions about “Baking” and “烘焙”.")
    said = composed(prompt("今天天氣如何？", topics=("Baking", "烘焙")))
    assert (
        said == "我的資料裡找不到與「今天天氣」有關的內容。我可以回答這些方面的問題：「烘焙」和「Baking」。"
    )


def test_at_most_six_topics_are_named() -> None:
    said = composed(prompt("Who painted the Mona Lisa?", topics=tuple(f"T{number}" for number in range(9))))
    assert "“T5”" in said
    assert "“T6”" not in said


def test_sources_that_do_not_speak_of_the_question_are_not_quoted() -> None:
    assert "I found nothing" in answer("Who painted the Mona Lisa?", sources=(source(BAKING),))


def test_greetings_and_thanks_are_answered_as_such() -> None:
    assert (
        composed(prompt("Hi there!", topics=("Baking",))) == "Hello. I can answer questions about “Baking”."
    )
    assert composed(prompt("謝謝你")) == "不客氣。"


def test_an_answer_is_no_longer_than_a_reader_wants() -> None:
    many = tuple(
        source(
            "\n\n".join(f"Bread fact {number}.{n} about bread." for n in range(60)),
            number=number,
            heading="Bread",
        )
        for number in range(1, 7)
    )
    for question in ("How do I bake bread?", "What about bread?"):
        assert len(answer(question, sources=many)) < 2500


@given(st.text(max_size=80), st.lists(st.text(max_size=200), max_size=3))
def test_no_question_and_no_source_breaks_it(question: str, texts: list[str]) -> None:
    sources = tuple(source(text, number=number) for number, text in enumerate(texts, start=1))
    assert composed(prompt(question, sources=sources))


async def read(asked: Prompt, *, pace: float = 0) -> list[Delta]:
    return [delta async for batch in builtin.stream(asked, pace=pace) for delta in batch]


def test_the_pieces_joined_are_the_answer_and_the_stream_says_that_it_is_done() -> None:
    asked = prompt("How do I bake bread?", sources=(source(BAKING, heading="Bread"),))
    *pieces, usage, finish = asyncio.run(read(asked))
    assert "".join(piece.text for piece in pieces if isinstance(piece, TextDelta)) == composed(asked)
    assert finish == Finish("stop")
    assert isinstance(usage, Usage)
    assert usage.completion_tokens == len(pieces)
    assert usage.prompt_tokens > 0


def test_pieces_are_words_or_one_or_two_chinese_characters() -> None:
    deltas = asyncio.run(read(prompt("烤麵包之前要做什麼？", sources=(source(CHINESE),))))
    assert all(
        len(delta.text.strip()) <= 2
        for delta in deltas
        if isinstance(delta, TextDelta) and "2" not in delta.text
    )


def test_it_streams_at_a_pace() -> None:
    asked = prompt("Which bread keeps for a week?", sources=(source(BAKING),))
    began = time.monotonic()
    pieces = asyncio.run(read(asked, pace=0.01))
    assert time.monotonic() - began >= 0.01 * (len(pieces) - 2)


def test_it_can_be_stopped_between_two_pieces() -> None:
    async def stopped() -> list[Delta]:
        reply = builtin.stream(prompt("How do I bake bread?", sources=(source(BAKING),)), pace=0)
        first = await anext(reply)
        await reply.aclose()
        with pytest.raises(StopAsyncIteration):
            await anext(reply)
        return first

    assert len(asyncio.run(stopped())) == 1
