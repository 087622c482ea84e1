"""What the log says, in its two forms, and the ids by which its lines belong together."""

from __future__ import annotations

import asyncio
import json
import logging
import re
import sys
import urllib.request
from collections.abc import Iterator
from contextvars import Context
from datetime import UTC, datetime
from typing import Any

import pytest
from django.core.exceptions import ImproperlyConfigured
from django.test import Client

from chat.logs import JsonFormatter, LineFormatter
from chat.redaction import GONE, _configured, without_secrets
from chat.web.access import shown
from config.environment import one_of
from tests.harness.server import Server
from tests.harness.tab import Tab
from tests.simulator.process import SimulatorProcess


@pytest.fixture(scope="module")
def server(simulator: SimulatorProcess, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with Server(tmp_path_factory.mktemp("data"), simulator.url, LOG_FORMAT="json") as running:
        yield running


async def logged(server: Server, event: str, **fields: object) -> dict[str, Any]:
    """The newest record of the event with these fields, as soon as there is one."""
    async with asyncio.timeout(10):
        while True:
            for line in reversed(server.log.splitlines()):
                record: dict[str, Any] = json.loads(line)
                if record["event"] == event and fields.items() <= record.items():
                    return record
            await asyncio.sleep(0.02)


def record_of(event: str, *, error: bool = False, **fields: object) -> logging.LogRecord:
    details = sys.exc_info() if error else None
    return logging.getLogger("chat.test").makeRecord(
        "chat.test", logging.INFO, __file__, 1, event, (), details, extra=fields
    )


def test_a_reply_and_its_socket_can_be_followed_through_the_log(server: Server) -> None:
    async def scene() -> None:
        async with Tab(server, "alice") as tab:
            sent = (await tab.send("sim:tokens=3"))["message"]
            await tab.ended(sent["reply"]["id"])
        ended = await logged(server, "reply_ended", reply=sent["reply"]["id"])
        assert (ended["level"], ended["state"], ended["code"]) == ("INFO", "complete", "-")
        assert ended["conversation"] == sent["conversation"]
        assert abs(datetime.fromisoformat(ended["time"]) - datetime.now(UTC)).total_seconds() < 60
        opened = await logged(server, "socket_opened", socket=ended["socket"])
        closed = await logged(server, "socket_closed", socket=ended["socket"])
        assert closed["code"] == 1000
        # News of the conversation may have been on its way when the tab closed.
        assert len(tab.frames) <= closed["frames"] <= len(tab.frames) + 3
        assert 0 <= closed["seconds"] < 60
        assert opened["process"] == closed["process"] == ended["process"]

    asyncio.run(scene())


def test_a_failed_reply_is_a_warning_with_its_code(server: Server) -> None:
    async def scene() -> None:
        async with Tab(server, "alice") as tab:
            reply = (await tab.send("sim:fault=500"))["message"]["reply"]["id"]
            await tab.ended(reply)
        ended = await logged(server, "reply_ended", reply=reply)
        assert (ended["level"], ended["state"], ended["code"]) == ("WARNING", "failed", "upstream_error")

    asyncio.run(scene())


def test_a_request_has_one_line_without_its_query_and_an_id_that_it_is_told(server: Server) -> None:
    request = urllib.request.Request(
        f"{server.origin}/accounts/login/?next=/secret", headers={"X-Request-Id": "chosen-by-a-stranger"}
    )
    with urllib.request.urlopen(request, timeout=10) as answer:
        id = answer.headers["X-Request-Id"]
    line = asyncio.run(logged(server, "request", request=id))
    assert re.fullmatch(r"[0-9a-f]{16}", id)
    assert (line["method"], line["path"], line["status"]) == ("GET", "/accounts/login/", 200)
    assert 0 < line["milliseconds"] < 10_000
    assert "next" not in server.log


def test_what_asks_all_the_time_has_no_line(server: Server) -> None:
    for path in ("/healthz", "/readyz", "/metrics", "/static/chat/account.css"):
        server.get(path)
    server.get("/nowhere")
    asyncio.run(logged(server, "request", path="/nowhere", status=404))
    assert not re.search("healthz|readyz|metrics|static", server.log)


def test_the_log_is_one_json_object_a_line_from_the_first_to_the_last(server: Server) -> None:
    records = [json.loads(line) for line in server.log.splitlines()]
    assert records[0]["event"] == "serving"
    assert all(record.keys() >= {"time", "level", "logger", "event", "process"} for record in records)


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("proxies", "given", "taken"),
    [
        (1, "abc-123.DEF_456", True),
        (1, "short", False),
        (1, "a\tb injected", False),
        (0, "abc-123.DEF", False),
    ],
)
def test_only_a_proxys_plain_request_id_is_taken(
    proxies: int, given: str, taken: bool, settings: Any
) -> None:
    settings.ALLAUTH_TRUSTED_PROXY_COUNT = proxies
    answer = Client().get("/accounts/login/", headers={"X-Request-Id": given})
    assert (answer["X-Request-Id"] == given) is taken


def test_a_path_is_shown_without_the_tokens_in_it() -> None:
    id = "0b1f6c9e-2d7a-4f5e-9a43-1c2d3e4f5a6b"
    assert shown(f"/admin/chat/reply/{id}/change/") == f"/admin/chat/reply/{id}/change/"
    assert shown("/accounts/2fa/recovery-codes/generate/") == "/accounts/2fa/recovery-codes/generate/"
    assert shown("/invitations/kY3v_8sPq2L0x-7Zt5Rw1NcB4mHdJf9G/") == "/invitations/…/"
    assert (
        shown("/accounts/password/reset/key/1-c8xk2a-0b1f6c9e2d7a4f5e/") == "/accounts/password/reset/key/…/"
    )


def test_a_line_is_one_line_whatever_the_values_are() -> None:
    record = record_of("happened", path='/a b"c\nERROR forged', count=3, empty="")
    text: str = Context().run(LineFormatter().format, record)
    assert text.endswith(r' INFO chat.test happened path="/a b\"c\nERROR forged" count=3 empty=""')
    assert len(text.splitlines()) == 1


def test_no_line_of_a_traceback_passes_for_a_line_of_the_log() -> None:
    try:
        raise ValueError("bad\n2026-11-21T09:30:12.481Z INFO forged\r\x1b[2J\x85\u2028more")
    except ValueError:
        record = record_of("crashed", error=True)
    text: str = Context().run(LineFormatter().format, record)
    first, *further = text.splitlines()
    assert first.endswith(" crashed")
    assert all(line.startswith("    ") for line in further)
    assert further[-1] == r"    2026-11-21T09:30:12.481Z INFO forged\r\x1b[2J\x85\u2028more"


def test_an_exception_keeps_its_traceback_but_no_local_variables() -> None:
    word = "of nobody's business"
    try:
        len(3)  # type: ignore[arg-type]
    except TypeError:
        record = record_of("crashed", error=True)
    told = json.loads(JsonFormatter().format(record))
    assert told["exception"].startswith("Traceback (most recent call last):\n")
    assert told["exception"].endswith("TypeError: object of type 'int' has no len()")
    assert word not in told["exception"]


def test_half_a_surrogate_pair_is_written_as_a_question_mark() -> None:
    assert json.loads(JsonFormatter().format(record_of("odd \ud800", value="\udfff")))["value"] == "?"


@pytest.mark.parametrize(
    "text",
    [
        "Authorization: Bearer canary-0123",
        "{'authorization': 'Basic canary0123=='}",
        "(b'authorization', b'Api-Key canary0123')",
        "Cookie: theme=dark; sessionid=canary; csrftoken=canary",
        "'Set-Cookie': 'sessionid=canary; HttpOnly'",
        "the header Bearer canary0123 was refused",
        "csrfmiddlewaretoken=canary&next=/",
        "{'password1': 'canary'}",
        "api_key='canary'",
        "X-Api-Key: canary",
        "refresh_token = canary",
        "invalid key sk-canary0123",
        "postgres://parley:canary@localhost/parley",
        "null value\nDETAIL:  Failing row contains (1, canary\nsecond line of canary).",
        "IntegrityError('null value\\nDETAIL:  Failing row contains (1, canary).')",
    ],
)
def test_secrets_are_taken_out_of_any_text(text: str) -> None:
    assert "canary" not in without_secrets(text)


@pytest.mark.parametrize(
    "text",
    [
        "reply_ended",
        "5 tokens a second, 8192 context tokens",
        "Forbidden (CSRF token missing.): /chat/conversations",
        "http://127.0.0.1:8000/accounts/login/",
    ],
)
def test_what_is_no_secret_stays(text: str) -> None:
    assert without_secrets(text) == text


def test_a_configured_secret_is_known_wherever_it_stands(settings: Any) -> None:
    assert without_secrets(f"x{settings.SECRET_KEY}y") == f"x{GONE}y"


def test_a_configured_secret_is_known_as_addresses_have_it(settings: Any) -> None:
    _configured.cache_clear()
    settings.METRICS_TOKEN, settings.REDIS_URL = "of/no+known form", "redis://:of%40no+known@host/0"
    try:
        for text in ("of%2Fno%2Bknown%20form", "of/no%2Bknown%20form", "of@no+known", "of%40no+known"):
            assert without_secrets(f"<{text}>") == f"<{GONE}>"
    finally:
        _configured.cache_clear()


def test_an_unknown_format_is_refused_with_a_sentence() -> None:
    with pytest.raises(ImproperlyConfigured, match=r"LOG_FORMAT is 'xml'\. Set it to one of: line, json\."):
        one_of("LOG_FORMAT", "xml", ["line", "json"])
