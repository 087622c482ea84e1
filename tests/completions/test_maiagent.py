"""A chatbot of MaiAgent as the endpoint: every form of its answers, and its conversations."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chat.completions.deltas import (
    Delta,
    Endpoint,
    Finish,
    Prompt,
    TextDelta,
    Turn,
    UpstreamCitations,
    UpstreamConversation,
    Usage,
)
from chat.completions.errors import UpstreamBadData, UpstreamCut, UpstreamError, UpstreamFault
from chat.completions.maiagent import MaiAgentDecoder, address
from chat.completions.objects import ObjectParser
from tests.completions.asking import Reply, read, with_client
from tests.harness.scale import LATE
from tests.simulator import SimulatorProcess, expected_text

FILES = sorted((Path(__file__).parent / "dialects/maiagent").iterdir())
EVENTS = [path for path in FILES if path.suffix == ".sse"]
CONVERSATION = UpstreamConversation("0b6dd1ec-6f0c-4a68-9f0b-5a0f6a6c1f3e")
TEXT = "Hello, 世界!"


def decoded(chunks: list[bytes]) -> list[Delta]:
    """All that came of a body, with its texts joined in front."""
    decoder = MaiAgentDecoder()
    assert decoder.begin(chunks[0])
    deltas = [delta for chunk in chunks for delta in decoder.feed(chunk)] + decoder.close()
    if decoder.failure:
        raise decoder.failure
    text = "".join(delta.text for delta in deltas if isinstance(delta, TextDelta))
    others = [delta for delta in deltas if not isinstance(delta, TextDelta)]
    return [TextDelta(text), *others, *decoder.end()]


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_every_form_of_an_answer_gives_text_conversation_and_end(path: Path) -> None:
    body = path.read_bytes()
    for chunks in ([body], [bytes([byte]) for byte in body]):
        deltas = decoded(chunks)
        assert deltas[:2] == [TextDelta(TEXT), CONVERSATION]
        assert deltas[-1] == Finish("stop")
        rest = deltas[2:-1]
        assert [type(one) for one in rest] == {
            "both-cases-with-citations": [UpstreamCitations, Usage],
            "whole-c": [UpstreamCitations],
        }.get(path.stem, [])


@pytest.mark.parametrize(
    "path", [path for path in FILES if path.suffix == ".sse"], ids=lambda path: path.stem
)
def test_a_stream_cut_before_its_end_is_no_answer(path: Path) -> None:
    body = path.read_bytes()
    last = max(body.rfind(b"true"), body.rfind(b"[DONE]"))
    for cut in range(1, last, 11):
        decoder = MaiAgentDecoder()
        decoder.begin(body)
        deltas = decoder.feed(body[:cut]) + decoder.close()
        assert TEXT.startswith("".join(delta.text for delta in deltas if isinstance(delta, TextDelta)))
        with pytest.raises(UpstreamCut):
            decoder.end()


def test_objects_that_stop_before_the_last_are_no_answer() -> None:
    with pytest.raises(UpstreamCut):
        decoded([b'{"conversationId": "c", "content": "Hel", "done": false}'])
    with pytest.raises(UpstreamCut):
        decoded([b'{"conversationId": "c", "content": "Hel", "do'])


def test_citations_are_numbered_and_hold_what_can_be_shown() -> None:
    [cited] = [one for one in decoded([FILES[0].read_bytes()]) if isinstance(one, UpstreamCitations)]
    [file], [node] = cited.citations, cited.nodes
    assert (file["filename"], file["file"]) == (
        "greetings.pdf",
        "https://api.example.com/media/greetings.pdf",
    )
    assert (node["number"], node["displayScore"]) == (1, 82)
    passage = node["chatbotTextNode"]
    assert (passage["text"], passage["filename"], passage["pageNumber"]) == (
        "A greeting is …",
        "greetings.pdf",
        3,
    )


@given(st.recursive(st.none() | st.text() | st.integers() | st.floats(allow_nan=False), st.lists))
def test_citations_of_no_known_shape_harm_nothing(odd: object) -> None:
    event = {
        "content": TEXT,
        "citations": odd,
        "citationNodes": [odd, {"chatbotTextNode": odd}],
        "done": True,
    }
    assert decoded([b"data: " + json.dumps(event).encode() + b"\n\n"]) == [TextDelta(TEXT), Finish("stop")]


KEYS = ["conversationId", "conversation_id", "content", "done", "error", "detail", "message", "code", "usage"]
KEYS += ["promptTokens", "completionTokens", "citations", "citationNodes", "chatbotTextNode", "text", "score"]


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=9),
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(KEYS), inner, max_size=5),
    )
)
def test_no_event_whatever_it_holds_raises(payload: object) -> None:
    body = json.dumps(payload).encode()
    for begun in (b"data: " + body + b"\n\n", body):
        decoder = MaiAgentDecoder()
        if decoder.begin(begun):
            decoder.feed(begun)
            decoder.close()


def test_an_address_that_a_browser_must_not_open_is_left_out() -> None:
    cited = {"content": "a", "done": True, "citations": [{"id": "1", "file": "javascript:alert(1)"}]}
    event = cited | {"citation_nodes": [{"chatbot_text_node": {"text": "t", "filename": "f"}, "score": 1}]}
    [found] = [one for one in decoded([json.dumps(event).encode()]) if isinstance(one, UpstreamCitations)]
    assert found.citations[0]["file"] is None


@pytest.mark.parametrize(
    ("body", "error"),
    [
        ({"conversationId": "c", "content": "", "done": True, "error": "out of credit"}, UpstreamFault),
        ({"detail": "Not found."}, UpstreamFault),
        ({"content": 5, "done": True}, UpstreamBadData),
        ([{"content": "a"}], UpstreamBadData),
    ],
)
def test_what_is_no_answer_is_an_error(body: object, error: type[UpstreamError]) -> None:
    with pytest.raises(error):
        decoded([b"data: " + json.dumps(body).encode() + b"\n\n"])


@given(st.lists(st.dictionaries(st.text(), st.text() | st.none(), max_size=3), max_size=5), st.data())
def test_objects_are_found_however_they_are_cut(objects: list[dict[str, str]], data: st.DataObject) -> None:
    between = data.draw(st.sampled_from(["", "\n", " , ", "\r\n\r\n"]))
    body = between.join(json.dumps(one, ensure_ascii=False) for one in objects).encode()
    cuts = sorted(data.draw(st.lists(st.integers(0, len(body)), max_size=6)))
    parser = ObjectParser()
    found = [
        json.loads(one)
        for begin, end in zip([0, *cuts], [*cuts, len(body)], strict=True)
        for one in parser.feed(body[begin:end])
    ]
    assert found == objects


@pytest.mark.parametrize("url", ["https://m.example/", "https://m.example/api", "https://m.example/api/v1/"])
def test_an_address_may_have_the_path_of_the_api_or_not(url: str) -> None:
    path = "/api/v1" if "v1" in url else "/api"
    endpoint = Endpoint("maiagent", url, chatbot_id="a/b")
    assert address(endpoint) == f"https://m.example{path}/chatbots/a%2Fb/completions/"


def ask(
    simulator: SimulatorProcess, text: str, conversation: str = "", *, key: str = "prefix.secret"
) -> Reply:
    """One whole reply of the simulator's chatbot."""
    endpoint = Endpoint("maiagent", simulator.url.removesuffix("/v1"), key, chatbot_id="4c1e")
    prompt = Prompt((Turn("user", text),), upstream_conversation=conversation)
    return asyncio.run(with_client(read(endpoint, prompt)))


@pytest.mark.parametrize("variant", ["", "-v2", "-v3", "-v4"])
def test_a_reply_streams_in_every_variant(simulator: SimulatorProcess, variant: str) -> None:
    reply = ask(simulator, f"sim:tokens=40,seed=31,rate=20,dialect=maiagent{variant}")
    assert (reply.text, reply.finish, reply.error) == (expected_text(40, 31), Finish("stop"), None)
    assert reply.reads > 3
    assert reply.conversation


def test_the_next_turn_goes_on_in_the_conversation_of_the_first(simulator: SimulatorProcess) -> None:
    first = ask(simulator, "sim:tokens=3,seed=32")
    again = ask(simulator, "sim:tokens=3,seed=33 again", first.conversation)
    assert again.conversation == first.conversation
    asked = simulator.stats()["last_requests"][-1]
    assert asked == {
        "conversation": first.conversation,
        "message": {"content": "sim:tokens=3,seed=33 again"},
        "isStreaming": True,
    }


def test_a_conversation_that_is_not_known_any_more_is_begun_anew_once(simulator: SimulatorProcess) -> None:
    before = simulator.stats()["total"]
    reply = ask(simulator, "sim:tokens=3,seed=34", "11111111-1111-4111-8111-111111111111")
    assert (reply.text, reply.error) == (expected_text(3, 34), None)
    assert reply.conversation not in ("", "11111111-1111-4111-8111-111111111111")
    assert simulator.stats()["total"] == before + 2


def test_a_chatbot_that_is_not_there_is_asked_for_twice_at_most(simulator: SimulatorProcess) -> None:
    before = simulator.stats()["total"]
    assert ask(simulator, "sim:404,seed=35", "known").code == "upstream_error"
    assert simulator.stats()["total"] == before + 2


def test_a_wrong_key_is_an_error_that_does_not_name_it(simulator: SimulatorProcess) -> None:
    reply = ask(simulator, "sim:tokens=1,seed=36", key="")
    assert reply.code == "upstream_error"
    assert "credentials were not provided" in getattr(reply.error, "detail", "")


def test_an_answer_that_is_no_stream_is_understood(simulator: SimulatorProcess) -> None:
    reply = ask(simulator, "sim:json200,tokens=40,seed=37")
    assert (reply.text, reply.finish) == (expected_text(40, 37), Finish("stop"))


FAULTS = {
    "refuse": "upstream_cut",
    "500": "upstream_error",
    "429": "upstream_busy",
    "html200": "upstream_error",
    "empty200": "upstream_error",
    "error200": "upstream_error",
    "cut_close": "upstream_cut",
    "no_done": "upstream_cut",
    "endless": "upstream_too_long",
}


@pytest.mark.parametrize(
    ("dialect", "fault", "code"),
    [
        *(("maiagent", *one) for one in FAULTS.items()),
        *(("maiagent-v3", *one) for one in FAULTS.items()),
        ("maiagent", "malformed", "upstream_bad_data"),
        ("maiagent", "error_event", "upstream_error"),
    ],
)
def test_its_faults_have_the_same_codes(
    simulator: SimulatorProcess, dialect: str, fault: str, code: str
) -> None:
    reply = ask(simulator, f"sim:fault={fault},seed=38,dialect={dialect}")
    assert (reply.code, reply.finish) == (code, None)
    simulator.wait_until(lambda stats: stats["open"] == 0, within=1 + LATE)
