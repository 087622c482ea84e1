from __future__ import annotations

import pytest

from chat.text.questions import asks_how, is_greeting, is_thanks, leans_on_earlier, topic


@pytest.mark.parametrize("text", ["Hi", "hello there!", "Good morning", "你好", "哈囉！", "Hey,"])
def test_a_greeting_is_a_greeting(text: str) -> None:
    assert is_greeting(text)


@pytest.mark.parametrize("text", ["Hi, how do I log in?", "Hello world program", "你好嗎這個怎麼用"])
def test_a_question_with_a_greeting_is_a_question(text: str) -> None:
    assert not is_greeting(text)


def test_thanks_are_thanks() -> None:
    assert is_thanks("Thank you so much!")
    assert is_thanks("謝謝你")
    assert not is_thanks("Thanks, and how do I stop it?")


@pytest.mark.parametrize(
    "text", ["How do I log in?", "how can I set up mail", "如何登入", "Steps to install it"]
)
def test_a_procedure_is_asked_for(text: str) -> None:
    assert asks_how(text)


@pytest.mark.parametrize("text", ["How long is it?", "How many are there?", "How are keys stored?"])
def test_a_fact_is_asked_for(text: str) -> None:
    assert not asks_how(text)


@pytest.mark.parametrize(
    "text", ["And on a phone?", "Why?", "how long is it valid?", "那關閉網頁呢？", "多久？"]
)
def test_some_questions_need_the_one_before(text: str) -> None:
    assert leans_on_earlier(text)


@pytest.mark.parametrize("text", ["How do I connect Ollama to Parley?", "如何把聊天嵌入網站？"])
def test_others_stand_alone(text: str) -> None:
    assert not leans_on_earlier(text)


@pytest.mark.parametrize(
    ("question", "about"),
    [
        ("Who won the 1998 World Cup?", "1998 World Cup"),
        ("What is the weather in Taipei tomorrow?", "weather in Taipei tomorrow"),
        ("How do I bake bread?", "bake bread"),
        ("How tall is Mount Everest?", "Mount Everest"),
        ("1998 年世界盃是誰贏的？", "1998 年世界盃"),
        ("What is this?", ""),
        ("bake " * 50, ""),
    ],
)
def test_the_topic_is_said_in_the_words_of_the_question(question: str, about: str) -> None:
    assert topic(question) == about
