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
    for _ in range(RELOADS):
        goal = len(chat.sources()[1]) + choose.randrange(20, 250)
        chat.wait(lambda goal=goal: len(chat.sources()[1]) >= goal)
        assert chat.running.count() == 1
        chat.page.reload()
        chat.wait(lambda: len(chat.sources()) == 2 and chat.sources()[1])
    chat.settle(within=60)
    other.settle(within=60)
    expected = expected_text(2000, 11)
    assert chat.sources()[1] == other.sources()[1] == chat.stored()[1] == expected
