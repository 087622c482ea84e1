from __future__ import annotations

from chat.text.words import concepts, is_cjk, terms


def forms(question: str) -> list[set[str]]:
    return [set(one.forms) for one in concepts(question)]


def test_forms_of_one_word_become_one_term() -> None:
    for words in ("embed embeds embedded embedding", "configure configured configuration", "reply replies"):
        assert len(set(terms(words))) == 1, words


def test_case_width_and_apostrophes_do_not_matter() -> None:
    assert terms("ＡＰＩ Keys") == terms("api keys")
    assert terms("the visitor’s browser") == terms("visitors' browser")


def test_grammar_is_left_out() -> None:
    assert concepts("What is this, and how does it do that?") == []


def test_an_identifier_counts_as_a_whole_and_by_its_parts() -> None:
    assert terms("webChatId") == ["webchatid", "web", "chat"]
    assert terms("COMPLETIONS_URL")[0] == "completionsurl"
    assert forms("What is webChatId?") == [{"webchatid"}]


def test_what_is_written_as_one_word_or_two_is_found_both_ways() -> None:
    assert "login" in terms("log in")
    assert {"webchat"} <= set.union(*forms("a web chat"))
    assert "email" in terms("e-mail")


def test_words_for_the_same_thing_find_each_other() -> None:
    (site,) = forms("website")
    assert {"site", "homepag"} <= site


def test_chinese_becomes_pairs_of_characters() -> None:
    assert terms("停止回覆") == ["停", "止", "回", "覆", "停止", "止回", "回覆"]


def test_a_chinese_question_is_cut_at_its_grammar() -> None:
    assert [one.weight for one in concepts("請問如何停止回覆？")] == [0.5] * 4
    assert forms("我要怎麼登入") == [{"登入"}]


def test_names_keep_how_they_were_written() -> None:
    assert [one.name for one in concepts("Does it work with WordPress 6?")] == ["", "WordPress", "6"]


def test_the_language_is_the_one_of_most_words() -> None:
    assert is_cjk("如何連接 OpenAI？")
    assert not is_cjk("What does 回覆 mean in the chat?")
    assert not is_cjk("")


def test_what_is_too_long_for_a_word_is_cut_before_it_is_stemmed() -> None:
    (term,) = terms("ing" * 10_000)
    assert len(term) < 50


def test_no_text_breaks_it() -> None:
    for text in (
        "\x00",
        "\ud800",
        "🙂👍🏽",
        "ﷺ",
        "a" * 100_000,
        "'" * 1000,
        "_" * 1000,
        "­\u200b",
        "１２３",
        "한국어 텍스트",
    ):
        terms(text)
        concepts(text)
