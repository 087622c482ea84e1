"""The lists that the page reads."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor, as_completed
from contextlib import ExitStack
from typing import Any
from uuid import uuid4

import pytest
from django.db import connection, connections
from django.test import Client

from chat.answers import pages
from chat.selectors import member_principal
from chat.selectors.searching import turns
from chat.services.conversations import rename_conversation
from chat.services.messages import post_message
from tests import people
from tests.services import wait_until

pytestmark = pytest.mark.django_db


def client() -> Client:
    made = Client()
    made.force_login(people.alice(), "allauth.account.auth_backends.AuthenticationBackend")
    return made


def say(content: str = "Hello", **more: Any) -> Any:
    principal = member_principal(people.alice())
    assert principal
    given = {"id": uuid4(), "conversation": uuid4(), "content": content, **more}
    return post_message(principal=principal, **given).message


def test_the_pages_of_a_list_hold_each_row_once() -> None:
    said = {str(say(f"Number {number}").conversation_id) for number in range(65)}
    seen: list[str] = []
    page = client().get("/chat/conversations").json()
    seen += [row["id"] for row in page["results"]]
    while page["next"]:
        page = client().get("/chat/conversations", {"cursor": page["next"]}).json()
        seen += [row["id"] for row in page["results"]]
    assert len(seen) == 65
    assert set(seen) == said


def test_the_pages_of_a_conversation_hold_each_message_once() -> None:
    first = say()
    for number in range(30):
        say(f"Number {number}", conversation=first.conversation_id)
    path = f"/chat/conversations/{first.conversation_id}/messages"
    page = client().get(path).json()
    seen = [row["id"] for row in page["results"]]
    assert page["next"]
    seen += [row["id"] for row in client().get(path, {"cursor": page["next"]}).json()["results"]]
    assert len(seen) == len(set(seen)) == 62


def test_the_search_finds_each_word_in_the_title_or_a_message() -> None:
    first, other = say("Where is the parcel?"), say("Where is the invoice?")
    say("It has two boxes.", conversation=first.conversation_id)
    for words, found in (
        ("where", [first, other]),
        ("BOXES parcel", [first]),
        ("parcel invoice", []),
        ("  ", [first, other]),
    ):
        page = client().get("/chat/conversations", {"q": words}).json()
        assert [row["id"] for row in page["results"]] == [str(one.conversation_id) for one in found]


def test_a_second_message_keeps_the_name_that_was_given() -> None:
    first = say("What is this?")
    principal = member_principal(people.alice())
    assert principal
    rename_conversation(principal=principal, conversation=first.conversation_id, title="Mine")
    say("And that?", conversation=first.conversation_id)
    assert [row["title"] for row in client().get("/chat/conversations").json()["results"]] == ["Mine"]


def searched(asking: Client) -> int:
    return asking.get("/chat/conversations", {"q": "parcel"}).status_code


def in_use(pool: Any) -> int:
    stats = pool.get_stats()
    used: int = stats["pool_size"] - stats["pool_available"]
    return used


def searched_in_thread(asking: Client) -> int:
    try:
        return searched(asking)
    finally:
        connections.close_all()


@pytest.mark.django_db(transaction=True)
def test_few_searches_wait_and_one_more_is_refused_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each that waits has one of the threads that all requests share."""
    monkeypatch.setattr(turns, "seconds", 60)
    with ThreadPoolExecutor(turns.waiting + 1) as threads:
        with ExitStack() as others:
            for _ in range(turns.at_once):
                others.enter_context(turns.turn("others"))
            asked = [threads.submit(searched_in_thread, client()) for _ in range(turns.waiting + 1)]
            refused = next(as_completed(asked, timeout=20))
            assert refused.result() == 503
            if pool := getattr(connection, "pool", None):  # PostgreSQL's, of which this thread has one
                wait_until(lambda: in_use(pool) <= 1)
        assert [one.result() for one in asked if one is not refused] == [200] * turns.waiting


def test_one_member_searches_so_often_in_a_minute(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pages, "SEARCHES_PER_MINUTE", 2)
    caller = client()
    assert [searched(caller) for _ in range(3)] == [200, 200, 429]
    assert caller.get("/chat/conversations").status_code == 200
    bob = Client()
    bob.force_login(people.bob(), "allauth.account.auth_backends.AuthenticationBackend")
    assert searched(bob) == 200
