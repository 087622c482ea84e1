from __future__ import annotations

import time

import pytest

from chat.knowledge.passages import LONGEST, cut, size, title_of

WORDS = "The quick brown fox jumps over the lazy dog near the river bank. "


def test_the_title_is_the_highest_heading() -> None:
    assert title_of("Hello\n\n## Second\n\n# First\n") == "First"
    assert title_of("No headings at all.") == ""


def test_a_passage_knows_the_headings_above_it_but_not_the_title() -> None:
    text = f"# Manual\n\n## Engine\n\n### Oil\n\n{WORDS * 6}\n\n## Wheels\n\n{WORDS * 6}"
    assert [one.heading for one in cut(text)] == ["Engine › Oil", "Wheels"]


def test_short_neighbours_are_joined_and_keep_their_headings_inside() -> None:
    text = "# Manual\n\n## Oil\n\nChange it yearly.\n\n## Water\n\nFill it weekly.\n"
    (one,) = cut(text)
    assert one.heading == "Oil · Water"
    assert one.text == "## Oil\n\nChange it yearly.\n\n## Water\n\nFill it weekly."


def test_a_long_section_is_cut_between_its_blocks() -> None:
    text = "## Long\n\n" + "\n\n".join([WORDS * 6] * 8)
    passages = cut(text)
    assert len(passages) > 2
    assert all(one.heading == "Long" and size(one.text) <= LONGEST for one in passages)


def test_a_long_paragraph_is_cut_between_sentences() -> None:
    passages = cut(WORDS * 60)
    assert all(one.text.endswith("bank.") and size(one.text) <= LONGEST for one in passages)


def test_code_is_never_cut() -> None:
    code = (
        "```sh\n"
        + "\n\n".join(f"echo {number} # and a comment to fill the line" for number in range(90))
        + "\n```"
    )
    (one,) = [one for one in cut(f"## Run\n\n{WORDS * 10}\n\n{code}\n\n{WORDS * 10}") if "```" in one.text]
    assert code in one.text


def test_the_parts_of_a_long_table_repeat_its_head() -> None:
    head = "| name | meaning |\n|---|---|"
    table = head + "".join(f"\n| `setting_{number}` | {WORDS} |" for number in range(60))
    passages = cut(f"## Settings\n\n{table}")
    assert len(passages) > 2
    assert all(one.text.startswith(head) for one in passages)
    assert sum(one.text.count("`setting_") for one in passages) == 60


def test_a_chinese_character_counts_for_two() -> None:
    sentence = "這是一個很長的段落，用來測試長度。"
    passages = cut(sentence * 200)
    assert "".join(one.text for one in passages) == sentence * 200
    assert all(len(one.text) < LONGEST * 0.6 and one.text.endswith("。") for one in passages)


def test_nothing_is_lost_between_passages() -> None:
    section = f"## A\n\n{WORDS * 3}\n\n- one\n- two\n\n```\ncode\n```"
    text = f"# T\n\nIntro.\n\n{section}\n\n## B\n\n> quoted\n\n| a |\n|---|\n| b |\n"
    together = "\n".join(one.text for one in cut(text))
    assert all(part in together for part in ("Intro.", WORDS.strip(), "- two", "code", "> quoted", "| b |"))


@pytest.mark.parametrize("pattern", ["](", "[", "- a\n\n", "\n", "```\n", "| ", "好。", "A! ", "# "])
def test_a_hostile_document_is_cut_in_a_moment(pattern: str) -> None:
    began = time.thread_time()
    cut(pattern * (200_000 // len(pattern)) + "\n- a")
    assert time.thread_time() - began < 5


def test_an_empty_document_has_no_passages() -> None:
    assert cut(" \n\n") == []
