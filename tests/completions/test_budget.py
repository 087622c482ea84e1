from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from chat.completions.budget import estimated_tokens, fitting_turns, room_for_prompt
from chat.completions.deltas import Prompt, Source, Turn
from chat.completions.messages import messages_for

turns = st.lists(
    st.builds(Turn, st.sampled_from(["user", "assistant"]), st.text(max_size=200)), min_size=1, max_size=20
)


def source(number: int, text: str = "The lamp is green.") -> Source:
    return Source(number, "Guide", "Lamps", text, 1.0)


def test_scripts_without_spaces_cost_a_token_a_character() -> None:
    assert estimated_tokens("abcdefgh") == 2
    assert estimated_tokens("聊天室") == 3
    assert estimated_tokens("") == 0


@given(turns, st.integers(1, 400))
def test_the_newest_turns_are_kept_in_order_and_the_last_one_always(history: list[Turn], room: int) -> None:
    kept = fitting_turns(history, room)
    assert kept == history[len(history) - len(kept) :]
    assert kept
    cost = sum(4 + estimated_tokens(turn.content) for turn in kept)
    assert cost <= room or len(kept) == 1


def test_a_quarter_of_the_context_is_left_for_the_reply() -> None:
    assert room_for_prompt(8192) == 6144
    history = tuple(Turn("user", "x" * 396) for _ in range(100))
    asked = messages_for(Prompt(history), 2048)[0]["content"]
    assert 1300 < estimated_tokens(asked) <= 1536


def test_without_instructions_and_sources_there_is_no_system_message() -> None:
    assert messages_for(Prompt((Turn("user", "Hi"),)), 8192) == [{"role": "user", "content": "Hi"}]


def test_sources_are_numbered_and_asked_to_be_cited() -> None:
    system, question = messages_for(
        Prompt((Turn("user", "Which colour?"),), "Be brief.", (source(1), source(2))), 8192
    )
    assert system["content"].startswith("Be brief.\n\n")
    assert "[1] Guide › Lamps\nThe lamp is green.\n\n[2] Guide" in system["content"]
    assert "as in [1]" in system["content"]
    assert question == {"role": "user", "content": "Which colour?"}


def test_sources_take_at_most_half_of_a_small_context() -> None:
    sources = tuple(source(number, "word " * 300) for number in range(1, 9))
    system = messages_for(Prompt((Turn("user", "?"),), "", sources), 2048)[0]["content"]
    assert "[1] Guide" in system
    assert "[3] Guide" not in system


def test_roles_alternate_and_begin_with_the_person() -> None:
    history = (
        Turn("assistant", "Welcome"),
        Turn("user", "One"),
        Turn("user", "Two"),
        Turn("assistant", "Ok"),
    )
    assert messages_for(Prompt((*history, Turn("user", "Three"))), 8192) == [
        {"role": "user", "content": "One\n\nTwo"},
        {"role": "assistant", "content": "Ok"},
        {"role": "user", "content": "Three"},
    ]
