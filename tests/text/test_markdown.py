from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from chat.text.markdown import blocks, items, sentences


def kinds(text: str) -> list[str]:
    return [block.kind for block in blocks(text)]


def test_blocks_are_told_apart() -> None:
    table = "| a | b |\n|---|---|\n| 1 | 2 |"
    text = f"# T\n\nWords\ngo on.\n\n- a\n- b\n\n1. c\n\n{table}\n\n```py\n# no heading\n```\nEnd."
    assert kinds(text) == ["heading", "paragraph", "list", "table", "code", "paragraph"]


def test_a_list_keeps_its_code_and_its_paragraphs() -> None:
    text = "1. One\n\n   ```sh\n   run\n\n   run again\n   ```\n\n   More of one.\n2. Two\n\nAfter."
    found = blocks(text)
    assert [block.kind for block in found] == ["list", "paragraph"]
    assert [item.split("\n")[0] for item in items(found[0])] == ["1. One", "2. Two"]


def test_a_fence_that_is_never_closed_reaches_to_the_end() -> None:
    assert kinds("```\ncode\n\n# more code") == ["code"]


def test_a_longer_fence_holds_a_shorter_one() -> None:
    assert kinds("````\n```\nx\n```\n````\n\nWords.") == ["code", "paragraph"]


def test_the_rows_of_a_table_come_without_its_head() -> None:
    (table,) = blocks("| a |\n|---|\n| 1 |\n| 2 |")
    assert items(table) == ["| 1 |", "| 2 |"]


def test_sentences_end_where_a_reader_thinks_so() -> None:
    assert sentences("Use 3.11, e.g. from python.org. It is free! Is it? Yes.") == [
        "Use 3.11, e.g. from python.org.",
        "It is free!",
        "Is it?",
        "Yes.",
    ]


def test_a_dot_in_code_or_in_an_address_ends_nothing() -> None:
    text = "Open `var/a.sqlite3. Now` and see https://example.com/a. B is next."
    assert sentences(text) == ["Open `var/a.sqlite3. Now` and see https://example.com/a.", "B is next."]


def test_chinese_sentences_need_no_space_between_them() -> None:
    assert sentences("按「忘記密碼？」，就會收到信。打開它！") == [
        "按「忘記密碼？」，就會收到信。",
        "打開它！",
    ]


@given(st.text(alphabet="ab1`~#-|*. \n>　。「」(", max_size=200))
def test_blocks_lose_nothing_but_blank_lines_and_heading_marks(text: str) -> None:
    def letters(value: str) -> str:
        return "".join(character for character in value if character in "ab1")

    assert letters("".join(block.text for block in blocks(text))) == letters(text)


@given(st.text(max_size=200))
def test_sentences_lose_nothing_but_spaces(text: str) -> None:
    assert (
        "".join("".join(sentences(text)).split()) == "".join(text.replace("\ue000", "").split())
        or "\ue000" in text
    )
