"""Reloading at random moments, as impatient people do."""

from __future__ import annotations

import random

from tests.browser.chat import Chat
from tests.browser.conftest import Opener
from tests.simulator.text import expected_text

RELOADS = 10


def test_ten_reloads_and_a_second_tab_show_the_stored_text(chat: Chat, open_chat: Opener) -> None:
    choose = random.Random(11)
    chat.write("Long enough. sim:tokens=2000,rate=80,seed=11")
    chat.wait(lambda: len(chat.sources()) == 2 and chat.sources()[1])
    other = open_chat(path=f"/c/{chat.conversation}")
    expected, ran = expected_text(2000, 11), 0
    for _ in range(RELOADS):
        goal = min(len(chat.sources()[1]) + choose.randrange(20, 250), len(expected))
        chat.wait(lambda goal=goal: len(chat.sources()[1]) >= goal)
        ran += chat.running.count()
        chat.page.reload()
        chat.wait(lambda: len(chat.sources()) == 2 and chat.sources()[1])
    assert ran
    chat.settle(within=60)
    other.settle(within=60)
    assert chat.sources()[1] == other.sources()[1] == chat.stored()[1] == expected
