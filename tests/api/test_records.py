"""Records of a chatbot: each exchange, as pages and in a workbook, and the calls to its webhook."""

from __future__ import annotations

from datetime import timedelta
from io import BytesIO
from typing import Any
from uuid import uuid4

import openpyxl
import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from openpyxl.utils.escape import unescape

from chat.models import Chatbot, Conversation, Message, MessageType, Reply, ReplyState, WebhookRecord
from chat.principals import Principal
from chat.services.replies import retry
from chat.shapes.records import SCORES
from tests import people
from tests.api.asking import Caller, alices, charlies, key_of
from tests.api.contracts import FEEDBACK, MILLISECONDS, UUID_TEXT, Or, differences
from tests.api.exchanges import BEGAN, PASSAGE, exchange, make_exchanges, store

pytestmark = pytest.mark.django_db

SHEET = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
RECORD = {
    "id": UUID_TEXT,
    "senderName": str,
    "feedback": Or(FEEDBACK, None),
    "inputMessage": str,
    "condenseMessage": None,
    "outputMessage": str,
    **{f"{score}Score": None for score in SCORES},
    **{f"display{score[0].upper()}{score[1:]}Score": None for score in SCORES},
    "replyTime": Or(str, None),
    "createdAt": MILLISECONDS,
    "error": Or(str, None),
    "processingTime": dict,
    "usage": dict,
    "citationNodes": [{"id": str, "text": str}],
    "context": Or(str, None),
}
PAGE = {"count": int, "next": Or(str, None), "previous": Or(str, None), "results": [RECORD]}
TITLES = (
    "ID",
    "User input",
    "Refined input",
    "Kind",
    "References",
    "Output",
    "Faithfulness",
    "Answer relevancy",
    "Answer correctness",
    "Answer similarity",
    "Context precision",
    "Context recall",
    "Reply time",
    "Created time",
)
#: What spreadsheets take for a formula, a link or a command when they are given it as anything but a string.
HOSTILE = [
    "=1+1",
    "=cmd|' /C calc'!A0",
    '=HYPERLINK("http://evil.example","click")',
    "@SUM(1+1)*cmd|' /C calc'!A0",
    "+1",
    "-1+1",
    "\t=1+1",
    "\r=1+1",
    "\n=1+1",
    "＝1+1",
    "＋1",
    "－1",
    "＠SUM(1)",
    'x",=1+1,"',
    "first\n=second",
    "https://evil.example/",
    "mailto:a@evil.example",
    "internal:Sheet1!A1",
    "file:///etc/passwd",
    "{=1+1}",
    "_x003D_1",
    "<b>&amp;</b>]]>",
    " =leading and trailing ",
    "1748314926000",
    "TRUE",
    "😀🇹🇼 中文",
]


@pytest.fixture
def chatbot() -> Chatbot:
    return people.chatbot_of(people.alice())


def records(chatbot: Chatbot, query: str = "", caller: Caller | None = None) -> dict[str, Any]:
    answer = (caller or alices()).get(f"chatbots/{chatbot.pk}/records/{query}")
    assert answer.status_code == 200, answer.content
    page: dict[str, Any] = answer.json()
    return page


def texts(page: dict[str, Any]) -> list[str]:
    return [one["inputMessage"] for one in page["results"]]


def rows(chatbot: Chatbot, query: str = "") -> list[tuple[Any, ...]]:
    """What the workbook has below its titles; None: an empty cell. All that has something has a string."""
    answer = alices().get(f"chatbots/{chatbot.pk}/records/export-excel/{query}")
    assert answer.status_code == 200, answer.content
    assert answer.headers["Content-Type"] == SHEET
    assert answer.headers["Content-Disposition"] == 'attachment; filename="chatbot_records.xlsx"'
    return read(answer.content)


def read(workbook: bytes) -> list[tuple[Any, ...]]:
    sheets = openpyxl.load_workbook(BytesIO(workbook)).worksheets
    assert len(sheets) == 1
    cells = [one for row in sheets[0].iter_rows() for one in row if one.value is not None]
    assert {one.data_type for one in cells} == {"s"}
    assert not any(one.hyperlink for one in cells)
    head, *found = sheets[0].iter_rows(values_only=True)
    assert head == TITLES
    return found


@pytest.mark.parametrize("prefix", ["/api/", "/api/v1/"])
@pytest.mark.parametrize("slash", ["", "/"])
def test_a_record_says_what_was_asked_and_answered_and_at_which_cost(
    chatbot: Chatbot, prefix: str, slash: str
) -> None:
    newest = make_exchanges(chatbot, 11)[-1]
    caller = Caller(key_of(chatbot.organization, "read"), prefix)
    page = caller.get(f"chatbots/{chatbot.pk}/records{slash}").json()
    assert differences(page, PAGE) == []
    assert (page["count"], page["next"], page["previous"]) == (11, None, None)
    record = page["results"][0]
    assert record["id"] == str(newest.outgoing_id)
    assert record["senderName"] == "Ada"
    assert record["inputMessage"] == "Question 10?"
    assert record["outputMessage"].startswith("Answer 10. ")
    assert record["feedback"]["type"] == "like"
    assert page["results"][1]["feedback"] is None
    assert record["replyTime"] == "3.50"
    times = {"queued": 0.25, "firstToken": 0.75, "generation": 2.5, "total": 3.5}
    assert record["processingTime"] == times
    usage = {"inputWords": 2, "outputWords": 10, "promptTokens": 12, "completionTokens": 34}
    assert record["usage"] == usage
    assert record["citationNodes"] == [{"id": PASSAGE["id"], "text": PASSAGE["text"]}]
    assert record["context"] == PASSAGE["text"]
    assert record["createdAt"] == str(int((BEGAN.timestamp() + 600) * 1000))
    assert record["error"] is None


def test_of_several_attempts_the_last_that_has_ended_is_the_record(chatbot: Chatbot) -> None:
    reply = make_exchanges(chatbot, 1)[0]
    Reply.objects.filter(pk=reply.pk).update(state=ReplyState.FAILED, error_code="upstream_timeout")
    assert records(chatbot)["results"][0]["error"] == "The model took too long. What came is saved."
    system = Principal("system", chatbot.organization.pk, chatbot.organization.pk)
    again = retry(principal=system, message=reply.incoming_id)
    assert records(chatbot)["results"] == []
    Reply.objects.filter(pk=again.pk).update(state=ReplyState.STOPPED)
    (record,) = records(chatbot)["results"]
    assert record["id"] == str(again.outgoing_id)
    assert record["outputMessage"] == ""
    assert (record["replyTime"], record["error"], record["context"]) == (None, None, None)
    assert set(record["processingTime"].values()) == {None}
    assert record["usage"]["promptTokens"] is None


def test_an_attempt_in_the_place_of_another_is_made_once_even_when_it_ends_at_once(chatbot: Chatbot) -> None:
    first = make_exchanges(chatbot, 1)[0]
    Reply.objects.filter(pk=first.pk).update(state=ReplyState.FAILED, error_code="upstream_busy")
    system = Principal("system", chatbot.organization.pk, chatbot.organization.pk)
    second = retry(principal=system, message=first.incoming_id, instead_of=first.pk)
    Reply.objects.filter(pk=second.pk).update(state=ReplyState.COMPLETE)
    assert retry(principal=system, message=first.incoming_id, instead_of=first.pk).pk == second.pk
    assert retry(principal=system, message=first.incoming_id).attempt == 3


def test_what_members_say_to_it_and_what_others_are_asked_is_not_among_them(chatbot: Chatbot) -> None:
    make_exchanges(chatbot, 1)
    other = Chatbot.objects.create(organization=chatbot.organization, name="Other")
    make_exchanges(other, 2)
    alice = people.alice()
    private = Conversation.objects.create(
        organization=chatbot.organization, chatbot=chatbot, owner=alice, created_by="test"
    )
    store([exchange(private, 0, "My secret?", "Kept.")], [BEGAN])
    assert texts(records(chatbot)) == ["Question 0?"]
    assert [row[1] for row in rows(chatbot)] == ["Question 0?"]
    assert records(chatbot, "?userMessage=secret")["count"] == 0
    assert len(texts(records(other))) == 2


def test_filters_take_days_whole_and_words_as_they_are(chatbot: Chatbot) -> None:
    make_exchanges(chatbot, 40, apart=timedelta(hours=1))
    caller = alices()
    for query, numbers in {
        "?startDate=2026-03-02&endDate=2026-03-02": range(12, 36),
        "?start_date=2026-03-03": range(36, 40),
        "?endDate=2026-02-28": range(0),
        "?endDate=2026-03-01&userMessage=question 1": [1, 10, 11],
        "?botMessage=ANSWER 39. answer": [39],
        "?bot_message=100%25": range(0),
        "?userMessage=_": range(0),
        "?startDate=0001-01-01&endDate=9999-12-31": range(40),
        "?startDate=2026-03-03&endDate=2026-03-01": range(0),
        "?startDate=&endDate=&userMessage=&botMessage=": range(40),
    }.items():
        wanted = [f"Question {number}?" for number in sorted(numbers, reverse=True)]
        assert texts(records(chatbot, f"{query}&pageSize=100", caller)) == wanted, query


def test_what_is_no_day_is_said_by_field(chatbot: Chatbot) -> None:
    for path in ("records/", "records/export-excel/"):
        for day in (
            "example",
            "2026-02-30",
            "20260301",
            "2026-W10-1",
            "2026-3-1",
            "0000-01-01",
            "٢٠٢٦-٠٣-٠١",
        ):
            answer = alices().get(f"chatbots/{chatbot.pk}/{path}?startDate=2026-01-01&endDate={day}")
            assert answer.status_code == 400, day
            assert answer.json() == {"endDate": ["Enter a date as YYYY-MM-DD."]}


def test_pages_keep_the_filters_and_end(chatbot: Chatbot) -> None:
    make_exchanges(chatbot, 5)
    first = records(chatbot, "?pageSize=2&userMessage=question")
    second = alices().get(first["next"].split("/api/")[1]).json()
    assert texts(first) + texts(second) == [f"Question {number}?" for number in (4, 3, 2, 1)]
    assert "userMessage=question" in second["next"]
    assert alices().get(f"chatbots/{chatbot.pk}/records/?page=4&pageSize=2").status_code == 404
    assert texts(records(chatbot, "?limit=2&offset=4")) == ["Question 0?"]


def test_a_page_costs_the_same_number_of_queries_however_long(chatbot: Chatbot) -> None:
    caller = alices()
    make_exchanges(chatbot, 1)
    records(chatbot, caller=caller)
    with CaptureQueriesContext(connection) as one:
        records(chatbot, "?pageSize=100", caller)
    make_exchanges(chatbot, 120, name="Grace")
    with CaptureQueriesContext(connection) as many:
        assert len(records(chatbot, "?pageSize=100", caller)["results"]) == 100
    assert len(many) == len(one) <= 6, [query["sql"] for query in many]


def test_the_workbook_has_a_row_for_each_record(chatbot: Chatbot) -> None:
    replies = make_exchanges(chatbot, 7)
    found = rows(chatbot)
    assert [row[1] for row in found] == [f"Question {number}?" for number in reversed(range(7))]
    assert [row[3] for row in found] == ["Follow", "New", *["Follow"] * 4, "New"]
    assert found[0] == (
        str(replies[6].outgoing_id),
        "Question 6?",
        None,
        "Follow",
        PASSAGE["text"],
        "Answer 6. " * 5,
        *[None] * 6,
        "3.50",
        "2026-03-01T12:06:00Z",
    )
    assert [row[1] for row in rows(chatbot, "?userMessage=3")] == ["Question 3?"]
    assert rows(chatbot, "?endDate=2026-02-28") == []


def test_nothing_that_was_said_is_a_formula_a_number_or_a_link_in_the_workbook(chatbot: Chatbot) -> None:
    hostile(chatbot, HOSTILE)
    found = rows(chatbot)
    wanted = [text.replace("\r", "\n") for text in HOSTILE]
    for column in (1, 4, 5):
        assert [unescape(row[column]) for row in found] == wanted


def test_what_a_workbook_cannot_hold_is_replaced_or_cut_and_says_so(chatbot: Chatbot) -> None:
    whole, long, pairs = "x" * 32_767, "y" * 40_000, "😀" * 20_000
    hostile(chatbot, ["a\x01b\x1b[31m\x0b\x7f", "a\ufffeb\uffff", "one\r\ntwo\rthree", whole, long, pairs])
    inputs = [row[1] for row in rows(chatbot)]
    assert inputs[:4] == ["a�b�[31m��", "a�b�", "one\ntwo\nthree", whole]
    for text, begin in zip(inputs[4:], ("y" * 32_000, "😀" * 16_000), strict=True):
        assert text.startswith(begin)
        assert text.endswith("… (cut here: a cell holds no more)")
        assert 32_766 <= len(text.encode("utf-16-le")) // 2 <= 32_767


def hostile(chatbot: Chatbot, contents: list[str]) -> None:
    """Asked, answered and cited, so that the workbook has them in this order."""
    replies = make_exchanges(chatbot, len(contents))[::-1]
    for reply, content in zip(replies, contents, strict=True):
        nodes = [{"number": 1, "chatbotTextNode": {**PASSAGE, "text": content}}]
        Message.objects.filter(pk=reply.incoming_id).update(content=content)
        Message.objects.filter(pk=reply.outgoing_id).update(content=content, citation_nodes=nodes)


def test_calls_to_the_webhook_are_listed_with_what_was_sent_and_answered(chatbot: Chatbot) -> None:
    sent = make_exchanges(chatbot, 1)[0].outgoing
    private = Conversation.objects.create(
        organization=chatbot.organization, chatbot=chatbot, owner=people.alice(), created_by="test"
    )
    hidden = Message.objects.create(conversation=private, position=1, type=MessageType.OUTGOING)
    body = {"conversation_id": "kept_as_it_is", "content": "Answer"}
    for message, attempt, status in ((sent, 1, None), (sent, 2, 200), (hidden, 1, 200)):
        WebhookRecord.objects.create(
            chatbot=chatbot,
            message=message,
            url="https://example.com/hook",
            attempt=attempt,
            request_body=body,
            status_code=status,
            error="" if status else "timeout",
        )
    page = alices().get(f"chatbots/{chatbot.pk}/webhook-records?pageSize=1").json()
    assert page["count"] == 2
    whole = alices().get(f"chatbots/{chatbot.pk}/").json()
    (last,) = page["results"]
    assert differences(last["id"], UUID_TEXT) == differences(last["createdAt"], MILLISECONDS) == []
    assert {name: value for name, value in last.items() if name not in ("id", "createdAt")} == {
        "chatbot": whole,
        "url": "https://example.com/hook",
        "requestBody": body,
        "response": "",
        "statusCode": 200,
        "error": None,
        "attempt": 2,
    }
    first = alices().get(page["next"].split("/api/")[1]).json()["results"][0]
    assert (first["statusCode"], first["error"], first["attempt"]) == (None, "timeout", 1)


def test_another_organizations_records_are_as_if_they_were_not(chatbot: Chatbot) -> None:
    make_exchanges(chatbot, 1)
    for path in ("records/", "records/export-excel/", "webhook-records/"):
        foreign, absent = (charlies().get(f"chatbots/{id}/{path}") for id in (chatbot.pk, uuid4()))
        assert (foreign.status_code, foreign.content) == (404, absent.content)
