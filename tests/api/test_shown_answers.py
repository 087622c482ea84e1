"""What the API shows of an answer: how it ended, and what it cites."""

from __future__ import annotations

import pytest

from chat.completions import foreign
from chat.knowledge import citations
from chat.knowledge.search import search
from chat.models import Message, ReplyState
from tests import people
from tests.api.asking import alices
from tests.api.test_messages import listed
from tests.api.world import begin, finish, say
from tests.knowledge.corpus import knowledge_base

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    ("state", "code", "content"),
    [
        (ReplyState.COMPLETE, "", "An answer."),
        (ReplyState.STOPPED, "", "Half an"),
        (ReplyState.INTERRUPTED, "worker_lost", "Half an"),
        (ReplyState.FAILED, "upstream_unreachable", ""),
    ],
)
def test_part_of_an_answer_is_told_from_an_answer_everywhere(
    state: ReplyState, code: str, content: str
) -> None:
    caller = alices()
    conversation = begin(caller)
    question = say(caller, conversation["id"])
    assert (question["status"], question["error"]) == ("complete", None)
    made = finish(question["id"], content, state=state, error_code=code)
    row = listed(caller, conversation["id"])[0]
    assert (row["content"], row["status"]) == (content, state)
    assert (row["error"] and row["error"]["code"]) == (code or None)
    assert caller.get(f"messages/{made.pk}/").json() == row
    ended = {name: row[name] for name in ("id", "content", "status", "error")}
    contact = conversation["contact"]["id"]
    for path in ("conversations/", f"contacts/{contact}/conversations"):
        assert ended.items() <= caller.get(path).json()["results"][0]["lastMessage"].items()


def test_what_an_answer_cites_has_all_that_clients_read_whoever_answered() -> None:
    caller = alices()
    conversation = begin(caller)["id"]
    answer = finish(say(caller, conversation)["id"])
    base = knowledge_base(people.organization_of(people.alice()), oak="# Oak\n\nOaks drop acorns.\n")
    found = search(knowledge_bases=[base.pk], question="acorns")
    file = {"id": "7", "filename": "a.pdf", "file": "https://x.test/a.pdf"}
    passage = {"chatbotTextNode": {"id": "8", "text": "Acorns.", "filename": "a.pdf"}, "score": 0.5}
    for files, nodes in (
        (citations.citations(found), citations.citation_nodes(found)),
        (foreign.citations([file]), foreign.nodes([passage])),
    ):
        Message.objects.filter(pk=answer.pk).update(citations=files, citation_nodes=nodes)
        row = listed(caller, conversation)[0]
        assert (len(row["citations"]), len(row["citationNodes"])) == (1, 1)
        assert row["citations"][0]["parser"]["name"]
