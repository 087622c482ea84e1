"""Asking a chatbot over HTTP: a live server, a model that is simulated, and clients as they are."""

from __future__ import annotations

import json
import subprocess
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from time import monotonic
from typing import Any
from uuid import UUID, uuid4

import psutil
import pytest
import requests
import sseclient

from tests.api.contracts import COMPLETION, differences
from tests.api.samples import sample
from tests.harness.program import Program
from tests.harness.scale import LATE
from tests.harness.server import Server
from tests.services import wait_until
from tests.simulator.process import SimulatorProcess
from tests.simulator.text import expected_text

WORDS = "sim:tokens=30,seed=5"
ABANDONED: dict[str, Any] = {
    "content": "sim:tokens=1500,rate=10",
    "headers": {"Idempotency-Key": "abandoned"},
}


@pytest.fixture
def alice(server: Server) -> Program:
    return Program(server)


@pytest.fixture(scope="module", autouse=True)
def abandoned(server: Server) -> tuple[str, float]:
    """A conversation whose client has gone, may come back and wants its reply stopped otherwise; and when it
    went. It waits while the other tests run."""
    with Program(server).stream(**ABANDONED, onDisconnect="stop") as stream:
        return str(stream.hear().last["conversationId"]), monotonic()


def state_of(server: Server, conversation: str) -> str:
    query = "SELECT state FROM chat_reply WHERE conversation_id = ?"
    (found,) = server.rows(query, UUID(conversation).hex)
    return str(found[0])


def contact_of(server: Server, name: str) -> str:
    """A new contact of this person's organization."""
    id = uuid4()
    query = "SELECT organization_id FROM chat_chatbot WHERE id = ?"
    ((organization,),) = server.rows(query, UUID(server.people[name]["chatbot"]).hex)
    server.execute(
        "INSERT INTO chat_contact (id, organization_id, name, first_name, last_name, email, phone_number, "
        "phone_digits, handles, avatar, source_id, created_at, updated_at) "
        "VALUES (?, ?, 'Ada', '', '', '', '', '', '{}', '', '', '2026-01-01', '2026-01-01')",
        id.hex,
        str(organization).replace("-", ""),
    )
    return str(id)


def test_the_whole_answer_comes_as_the_clients_read_it(alice: Program) -> None:
    answer = alice.ask(WORDS)
    assert answer.status_code == 200
    body = answer.json()
    assert differences(body, COMPLETION) == []
    assert body["content"] == expected_text(30, 5)
    assert body["conversationId"] == body["conversation_id"] == str(UUID(body["conversationId"]))
    assert (body["done"], body["citations"], body["citationNodes"]) == (True, [], [])
    assert not {"message", "reply", "response", "stopped"} & body.keys()


@pytest.mark.parametrize("none", [{}, {"conversation": None}, {"conversation": ""}])
def test_without_a_conversation_a_new_one_begins_and_with_its_id_it_goes_on(
    alice: Program, simulator: SimulatorProcess, none: dict[str, None]
) -> None:
    first = alice.ask("My name is Ada. sim:tokens=5", **none).json()["conversationId"]
    again = alice.ask("Who am I? sim:tokens=5", conversation=first).json()["conversationId"]
    assert again == first
    prompt = simulator.stats()["last_requests"][-1]["messages"]
    assert [one["role"] for one in prompt] == ["user", "assistant", "user"]
    assert prompt[0]["content"].startswith("My name is Ada.")
    other = alice.ask("sim:tokens=5", **none).json()["conversationId"]
    assert other != first


def test_each_event_is_one_line_of_json_and_the_last_has_no_text(alice: Program) -> None:
    with alice.stream("sim:tokens=40,seed=2,rate=200") as stream:
        kind = stream.response.headers["Content-Type"]
        assert (kind, stream.response.headers["Cache-Control"]) == ("text/event-stream", "no-cache")
        heard = stream.rest()
    assert heard.text == expected_text(40, 2)
    assert heard.ids == []
    *texts, last = heard.events
    assert {tuple(event) for event in texts} == {("conversationId", "conversation_id", "content", "done")}
    assert {event["done"] for event in texts} == {False}
    assert (last["content"], last["done"], last["citations"], last["citationNodes"]) == ("", True, [], [])
    assert not {"error", "stopped"} & last.keys()
    assert {event["conversationId"] for event in heard.events} == {last["conversation_id"]}


@pytest.mark.parametrize("accept", ["text/event-stream", "application/json", "*/*"])
def test_the_mode_is_chosen_in_the_body_whatever_is_accepted(alice: Program, accept: str) -> None:
    whole = alice.post({"message": {"content": WORDS}, "is_streaming": False}, Accept=accept)
    assert whole.json()["content"] == expected_text(30, 5)
    streamed = alice.post({"message": {"content": WORDS}, "is_streaming": True}, Accept=accept)
    assert streamed.headers["Content-Type"] == "text/event-stream"


def test_what_breaks_lines_elsewhere_breaks_none_here(alice: Program) -> None:
    with alice.stream("sim:tokens=20,u2028,after=3") as stream:
        body = b"".join(stream.response.iter_content(None))
    assert body.isascii()
    events = [event.data for event in sseclient.SSEClient(iter([body])).events()]
    text = "".join(json.loads(data)["content"] for data in events)
    assert "\u2028" in text
    assert len(body.decode().splitlines()) == 2 * len(events)


def test_curl_and_sseclient_read_it(alice: Program) -> None:
    body = json.dumps({"message": {"content": WORDS}, "isStreaming": True})
    command = ["curl", "-sN", alice.url, "-H", f"Authorization: Api-Key {alice.key}"]
    command += ["-H", "Content-Type: application/json", "-d", body]
    output = subprocess.run(command, check=True, capture_output=True, text=True, timeout=30).stdout
    lines = [line.removeprefix("data: ") for line in output.splitlines() if line]
    assert "".join(json.loads(line)["content"] for line in lines) == expected_text(30, 5)
    with alice.stream(WORDS) as stream:
        events = [json.loads(event.data) for event in sseclient.SSEClient(stream.response).events()]
    assert "".join(event["content"] for event in events if event["done"] is False) == expected_text(30, 5)


def test_a_client_that_leaves_stops_nothing(server: Server, alice: Program) -> None:
    with alice.stream("sim:tokens=30,seed=4,rate=30") as stream:
        conversation = stream.hear().last["conversationId"]
    wait_until(lambda: state_of(server, conversation) == "complete")
    query = "SELECT text FROM chat_reply WHERE conversation_id = ?"
    assert server.rows(query, UUID(conversation).hex) == [(expected_text(30, 4),)]


def test_a_client_that_asked_for_it_stops_the_reply_when_it_leaves(
    server: Server, alice: Program, simulator: SimulatorProcess
) -> None:
    words = f"sim:tokens=500,rate=20 {uuid4()}"
    with alice.stream(words, onDisconnect="stop") as stream:
        conversation = stream.hear().last["conversationId"]
    wait_until(lambda: state_of(server, conversation) == "stopped")
    wait_until(lambda: simulator.left_early(words))
    other = f"sim:tokens=500,rate=20 {uuid4()}"
    body = {"message": {"content": other}, "on_disconnect": "stop"}
    with pytest.raises(requests.Timeout):
        requests.post(alice.url, json=body, headers=alice.headers(), timeout=5)
    wait_until(lambda: simulator.left_early(other))


def test_a_stream_is_taken_up_where_it_was_cut(alice: Program) -> None:
    words, text = "sim:tokens=80,seed=11,rate=80", expected_text(80, 11)
    with alice.stream(words, query="?resume=0") as first:
        heard = first.hear(3)
    assert len(heard.ids) == 3
    with alice.stream("", headers={"Last-Event-ID": heard.ids[-1]}) as second:
        part = second.hear(2).text
    with alice.stream("", query=f"?resume={second.heard.ids[-1]}") as third:
        assert heard.text + part + third.rest().text == text
    with alice.stream("", query=f"?resume={third.heard.ids[-1]}") as over:
        assert (over.rest().text, over.heard.last["done"]) == ("", True)
    foreign = Program(alice.server, "charlie")
    foreign.url = foreign.url.replace(foreign.chatbot, alice.chatbot)
    assert foreign.ask("", headers={"Last-Event-ID": heard.ids[-1]}).status_code == 404
    elsewhere = Program(alice.server, "charlie").ask("", headers={"Last-Event-ID": heard.ids[-1]})
    unknown = Program(alice.server, "charlie").ask("", headers={"Last-Event-ID": f"{uuid4()}:3"})
    assert (elsewhere.status_code, elsewhere.content) == (404, unknown.content)


def test_with_an_idempotency_key_the_number_of_characters_is_enough(alice: Program) -> None:
    words, key = "sim:tokens=30,seed=12", {"Idempotency-Key": uuid4().hex}
    text = expected_text(30, 12)
    with alice.stream(words, query="?resume=7", headers=key) as stream:
        assert stream.rest().text == text  # it is new: nobody can have its beginning
    with alice.stream(words, headers={**key, "Last-Event-ID": "7"}) as stream:
        assert stream.rest().text == text[7:]
    assert alice.ask(words, headers={"Last-Event-ID": "7"}).status_code == 400
    assert alice.ask(words, headers={"Last-Event-ID": "not an id"}).status_code == 400


def test_what_fails_part_way_ends_the_stream_with_the_error(alice: Program) -> None:
    with alice.stream("sim:tokens=30,cut_rst,after=6") as stream:
        last = stream.rest().last
    assert (last["content"], last["done"]) == ("", True)
    assert "cut" in last["error"]
    whole = alice.ask("sim:tokens=30,cut_rst,after=6")
    assert whole.status_code == 502
    assert whole.json()["detail"] == last["error"]
    assert whole.json()["content"] == stream.heard.text


def test_a_model_that_wants_to_be_left_alone_says_for_how_long(alice: Program) -> None:
    busy = alice.ask("sim:429,retry_after=600")
    assert (busy.status_code, busy.json()["code"]) == (503, "upstream_busy")
    assert 500 < int(busy.headers["Retry-After"]) <= 600


def test_a_silent_model_is_covered_by_comments_and_a_revoked_key_is_noticed(
    server: Server, simulator: SimulatorProcess, alice: Program
) -> None:
    bobs = Program(server, "bob")
    revoke = "UPDATE chat_apikey SET revoked_at = '2026-01-01 00:00:00+00:00' WHERE name = 'bob'"
    with ThreadPoolExecutor() as pool, alice.stream("sim:tokens=3,pause=8") as hers:
        with (
            bobs.stream("sim:tokens=400,rate=20", onDisconnect="stop") as his,
            bobs.stream("sim:tokens=3,pause=20", onDisconnect="stop") as silent,
        ):
            his.hear()
            mark = uuid4().hex
            whole = pool.submit(bobs.ask, f"sim:tokens=400,rate=20 {mark}", onDisconnect="stop")
            simulator.wait_until(lambda stats: mark in str(stats["requests"]))
            assert server.execute(revoke) == 1
            revoked_at = monotonic()
            for stream in (his, silent):
                assert "revoked" in stream.rest().last["error"]
            refused = whole.result()
            assert (refused.status_code, refused.headers["WWW-Authenticate"]) == (401, "Api-Key")
            assert monotonic() - revoked_at < 5 + LATE
        assert bobs.ask("Hello").status_code == 401
        assert hers.rest().text == expected_text(3)
        assert hers.heard.comments >= 1


def test_twenty_streams_a_key_hold_no_thread_and_no_connection(server: Server, alice: Program) -> None:
    assert server.process
    process = psutil.Process(server.process.pid)
    alice.ask("sim:tokens=5")
    threads, files = process.num_threads(), len(process.open_files())
    streams = [alice.stream("sim:tokens=900,rate=20", onDisconnect="stop") for _ in range(20)]
    opened = [stream.__enter__() for stream in streams]
    for stream in opened:
        stream.hear()
    too_many = alice.ask("sim:tokens=5")
    assert too_many.status_code == 429
    assert int(too_many.headers["Retry-After"]) >= 1
    wait_until(lambda: process.num_threads() <= threads + 8)  # at most the database's own
    assert len(process.open_files()) <= files + 8 * 3
    assert Program(server, "charlie").ask("sim:tokens=5").status_code == 200
    for stream in streams:
        stream.__exit__(None, None, None)
    wait_until(lambda: alice.ask("sim:tokens=5").status_code == 200)


def test_only_what_is_the_organizations_own_can_be_named(server: Server, alice: Program) -> None:
    charlie = Program(server, "charlie")
    foreign = charlie.ask("sim:tokens=5").json()["conversationId"]
    absent = alice.ask("sim:tokens=5", conversation=str(uuid4()))
    found = alice.ask("sim:tokens=5", conversation=foreign)
    assert (found.status_code, found.content) == (404, absent.content)
    theirs = {"content": "sim:tokens=5", "sender": contact_of(server, "charlie")}
    assert alice.post({"message": theirs}).status_code == 400
    hers = {"content": "sim:tokens=5", "sender": contact_of(server, "alice")}
    answer = alice.post({"message": hers})
    assert answer.status_code == 200
    query = "SELECT c.contact_id, m.sender_contact_id FROM chat_conversation c JOIN chat_message m "
    query += "ON m.conversation_id = c.id AND m.type = 'incoming' WHERE c.id = ?"
    ((contact, sender),) = server.rows(query, UUID(answer.json()["conversationId"]).hex)
    assert str(contact) == str(sender)
    assert str(contact).replace("-", "") == UUID(str(hers["sender"])).hex
    charlie.url = charlie.url.replace(charlie.chatbot, alice.chatbot)
    assert charlie.ask("sim:tokens=5").status_code == 404


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, "message"),
        ({"message": "Hello"}, "message"),
        ({"message": {}}, "message"),
        ({"message": {"content": ["Hello"]}}, "message"),
        ({"message": {"content": "Hello"}, "conversation": "nonsense"}, "conversation"),
        ({"message": {"content": "Hello"}, "isStreaming": "perhaps"}, "isStreaming"),
        ({"message": {"content": "Hello"}, "onDisconnect": "explode"}, "onDisconnect"),
        ({"message": {"content": "Hello", "attachments": [{"id": {}}]}}, "message"),
        ({"message": {"content": "Hello", "attachments": [str(uuid4())] * 21}}, "message"),
        ({"message": {"content": "   "}}, "detail"),
        ({"message": {"content": "x" * 33_000}}, "detail"),
        ({"message": {"content": "a\u0000b"}}, "detail"),
    ],
)
def test_what_is_wrong_is_said_by_its_name(alice: Program, body: dict[str, str], field: str) -> None:
    answer = alice.post(body)
    assert answer.status_code in (400, 413)
    assert list(answer.json()) == [field]


@pytest.mark.parametrize("streams", [True, False])
def test_the_documents_own_request_is_taken_as_it_stands(
    server: Server, alice: Program, *, streams: bool
) -> None:
    """With ids of rows that exist, streamed as it says, and whole; ``type`` is an object there."""
    files = {"file": ("document.txt", b"Our opening hours: 9 to 18.", "text/plain")}
    url = f"{server.origin}/api/attachments/"
    uploaded = requests.post(url, files=files, headers=alice.headers(), timeout=10).json()
    body = sample("completion")
    assert body["isStreaming"] is True
    body |= {"isStreaming": streams, "conversation": alice.ask("sim:tokens=5").json()["conversationId"]}
    body["message"]["sender"] = contact_of(server, "alice")
    body["message"]["attachments"][0]["id"] = uploaded["id"]
    key = uuid4().hex
    first = alice.post(body, Idempotency_Key=key)
    assert first.status_code == 200, first.text
    if streams:
        events = [json.loads(event.data) for event in sseclient.SSEClient(iter([first.content])).events()]
        assert "".join(event["content"] for event in events) == expected_text(50)
        assert events[-1]["done"] is True
    else:
        assert first.json()["content"] == expected_text(50)
        assert alice.post(body, Idempotency_Key=key).content == first.content
    query = "SELECT count(*) FROM chat_attachment WHERE message_id IS NOT NULL AND id = ?"
    assert server.rows(query, UUID(uploaded["id"]).hex) == [(1,)]
    again = alice.post(body)
    absent = alice.post({"message": {"content": "Hello", "attachments": [str(uuid4())]}})
    assert (again.status_code, again.content) == (400, absent.content)


def test_a_client_that_may_come_back_has_thirty_seconds_and_is_told_of_the_stop(
    server: Server, alice: Program, abandoned: tuple[str, float]
) -> None:
    conversation, left_at = abandoned
    wait_until(lambda: state_of(server, conversation) != "running", seconds=60)
    assert monotonic() - left_at >= 30
    assert state_of(server, conversation) == "stopped"
    whole = alice.ask(**ABANDONED).json()
    with alice.stream(**ABANDONED) as again:
        heard = again.rest()
    assert (whole["done"], whole["stopped"], whole["content"]) == (True, True, heard.text)
    assert (heard.last["done"], heard.last["stopped"]) == (True, True)


def test_what_a_killed_server_had_sent_is_continued_to_its_end(server: Server, alice: Program) -> None:
    """The last: the server is another one afterwards."""
    with alice.stream("sim:tokens=900,rate=40", query="?resume=0") as stream:
        conversation = stream.hear(40).last["conversationId"]
        server.kill()
        with suppress(requests.RequestException):
            stream.rest()
    server.start()
    wait_until(lambda: state_of(server, conversation) == "interrupted")
    heard = stream.heard
    with alice.stream("", headers={"Last-Event-ID": heard.ids[-1]}) as rest:
        assert expected_text(900).startswith(heard.text + rest.rest().text)
    assert "restarted" in rest.heard.last["error"]
