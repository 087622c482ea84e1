"""``/metrics``: who may read it, and that its numbers say what happens."""

from __future__ import annotations

import asyncio
import os
import re
import sys
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from subprocess import PIPE, Popen
from typing import Any
from uuid import uuid4

import pytest
from prometheus_client.parser import text_string_to_metric_families

from chat.management.lag import LagProbe
from chat.ws import closing
from chat.ws.metrics import CODES
from tests.harness.server import ROOT, Server, free_port
from tests.harness.tab import Tab
from tests.harness.worker import WorkerProcess
from tests.simulator.process import SimulatorProcess

#: Status, headers and body.
Answer = tuple[int, Any, bytes]
TOKEN = "metrics-token-of-this-test"


@pytest.fixture(scope="module")
def server(simulator: SimulatorProcess, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with Server(tmp_path_factory.mktemp("data"), simulator.url, METRICS_TOKEN=TOKEN) as running:
        yield running


def ask(
    server: Server, path: str = "/metrics", method: str = "GET", headers: dict[str, str] | None = None
) -> Answer:
    request = urllib.request.Request(f"{server.origin}{path}", headers=headers or {}, method=method)
    try:
        with urllib.request.urlopen(request, timeout=10) as answer:
            return answer.status, answer.headers, answer.read()
    except urllib.error.HTTPError as error:
        return error.code, error.headers, error.read()


Sample = tuple[str, frozenset[tuple[str, str]]]


def named(sample: str, labels: dict[str, str]) -> Sample:
    return sample, frozenset(labels.items())


def numbers(server: Server) -> dict[Sample, float]:
    status, _, body = ask(server)
    assert status == 200
    return read_samples(body)


def read_samples(body: bytes) -> dict[Sample, float]:
    return {
        named(sample.name, sample.labels): sample.value
        for family in text_string_to_metric_families(body.decode())
        for sample in family.samples
    }


async def until(server: Server, sample: str, value: float, **labels: str) -> None:
    """Until the sample has this value: a socket closes a moment after its client has gone."""
    deadline = time.monotonic() + 10
    while (found := numbers(server).get(named(sample, labels), 0)) != value:
        assert time.monotonic() < deadline, f"{sample} is {found}, not {value}"
        await asyncio.sleep(0.05)


class Rise:
    """How much samples have risen since this was made."""

    def __init__(self, server: Server) -> None:
        self.server, self.before = server, numbers(server)

    def of(self, sample: str, **labels: str) -> float:
        key = named(sample, labels)
        return numbers(self.server).get(key, 0) - self.before.get(key, 0)


def test_this_machine_reads_them_in_the_text_format_of_prometheus(server: Server) -> None:
    status, headers, body = ask(server)
    assert status == 200
    assert headers["Content-Type"] == "text/plain; version=0.0.4; charset=utf-8"
    assert headers["Cache-Control"] == "no-store"
    families = list(text_string_to_metric_families(body.decode()))
    assert all(family.documentation and family.type != "unknown" for family in families)
    assert {"process_resident_memory_bytes", "process_cpu_seconds", "process_open_fds"} <= {
        family.name for family in families
    }


@pytest.mark.parametrize(
    "headers",
    [
        {"X-Forwarded-For": "203.0.113.9"},
        {"X-Forwarded-Proto": "https"},
        {"Forwarded": "for=203.0.113.9"},
        {"X-Real-IP": "203.0.113.9"},
        {"Via": "1.1 proxy"},
        {"X-Forwarded-For": "203.0.113.9", "Authorization": "Bearer wrong"},
        {"X-Forwarded-For": "203.0.113.9", "Authorization": f"Basic {TOKEN}"},
        {"X-Forwarded-For": "203.0.113.9", "Authorization": "Bearer"},
    ],
    ids=lambda headers: " ".join(headers),
)
@pytest.mark.parametrize("method", ["GET", "HEAD", "POST", "OPTIONS"])
def test_through_a_proxy_the_address_does_not_exist(
    headers: dict[str, str], method: str, server: Server
) -> None:
    there, absent = (plain(ask(server, path, method, headers)) for path in ("/metrics", "/nowhere"))
    assert there[0] == 404
    assert there == absent


def plain(answer: Answer) -> tuple[int, dict[str, str], str]:
    """An answer without what is new in each: the CSRF token, the request's id, the second."""
    status, headers, body = answer
    kept = {name: text for name, text in headers.items() if name not in ("X-Request-Id", "Date")}
    kept["Set-Cookie"] = re.sub(r"csrftoken=\w+|expires=[^;]+", "", kept.get("Set-Cookie", ""))
    return status, kept, re.sub(r'value="\w{64}"', "", body.decode()).replace("/nowhere", "/metrics")


def test_who_has_the_token_reads_them_through_a_proxy_too(server: Server) -> None:
    headers = {"X-Forwarded-For": "203.0.113.9", "Authorization": f"Bearer {TOKEN}"}
    status, _, body = ask(server, headers=headers)
    assert status == 200
    assert b"parley_sockets_open" in body


def test_without_a_token_no_bearer_is_let_in(simulator: SimulatorProcess, tmp_path: Path) -> None:
    with Server(tmp_path / "data", simulator.url) as server:
        for token in ("", " ", "None"):
            headers = {"X-Forwarded-For": "203.0.113.9", "Authorization": f"Bearer {token}"}
            assert ask(server, headers=headers)[0] == 404
        assert ask(server)[0] == 200


def test_nothing_is_changed_there(server: Server) -> None:
    assert ask(server, method="POST")[0] == 405


def test_a_complete_reply_is_counted_with_its_times_and_its_text(server: Server) -> None:
    async def scene() -> None:
        rise = Rise(server)
        async with Tab(server, "alice") as tab:
            heard = await tab.ended((await tab.send("sim:tokens=40,pause=0.2"))["message"]["reply"]["id"])
            assert rise.of("parley_sockets_open") == 1
        await until(server, "parley_sockets_open", value=0)
        assert rise.of("parley_replies_ended_total", state="complete", code="none") == 1
        assert rise.of("parley_reply_characters_total") == len(heard.text)
        assert 1 <= rise.of("parley_reply_events_total") <= 40
        assert rise.of("parley_reply_first_text_seconds_count") == 1
        assert 0.2 <= rise.of("parley_reply_first_text_seconds_sum") < 5
        assert rise.of("parley_reply_duration_seconds_count") == 1
        assert rise.of("parley_reply_duration_seconds_sum") > rise.of("parley_reply_first_text_seconds_sum")
        # News of the conversation may have been on its way when the tab closed.
        assert 0 <= rise.of("parley_socket_frames_sent_total") - len(tab.frames) <= 3
        assert rise.of("parley_sockets_closed_total", code="1000") == 1
        assert rise.of("parley_upstream_tokens_total", kind="completion") > 0

    asyncio.run(scene())


def test_a_running_reply_shows_while_it_runs_and_a_stopped_one_is_counted(server: Server) -> None:
    async def scene() -> None:
        rise = Rise(server)
        async with Tab(server, "alice") as tab:
            message = (await tab.send("sim:tokens=2000,rate=40"))["message"]
            reply = message["reply"]["id"]
            await tab.frame("reply.delta", reply=reply)
            waiting = (await tab.send("sim:tokens=1", conversation=message["conversation"]))["message"]
            await until(server, "parley_replies_queued", value=1)
            assert rise.of("parley_replies_running") == 1
            assert rise.of("parley_upstream_connections", state="active") == 1
            characters = rise.of("parley_reply_characters_total")
            assert characters > 0
            await tab.wait(lambda: len(tab.heard[reply].text) > characters + 20)
            assert rise.of("parley_reply_characters_total") > characters
            await tab.say("stop", reply=reply)
            heard = [await tab.ended(id) for id in (reply, waiting["reply"]["id"])]
            await until(server, "parley_replies_running", value=0)
        assert rise.of("parley_replies_ended_total", state="stopped", code="none") == 1
        assert rise.of("parley_reply_characters_total") == sum(len(one.text) for one in heard)
        assert rise.of("parley_upstream_connections", state="active") == 0

    asyncio.run(scene())


def test_a_reply_that_is_stopped_before_its_turn_is_counted(server: Server) -> None:
    async def scene() -> None:
        rise = Rise(server)
        async with Tab(server, "alice") as tab:
            first = (await tab.send("sim:tokens=2000,rate=40"))["message"]
            waiting = (await tab.send("sim:tokens=1", conversation=first["conversation"]))["message"]
            for message in (waiting, first):
                await tab.say("stop", reply=message["reply"]["id"])
                await tab.ended(message["reply"]["id"])
        assert rise.of("parley_replies_ended_total", state="stopped", code="none") == 2

    asyncio.run(scene())


def test_a_failed_reply_is_counted_with_its_code_and_its_second_attempts(server: Server) -> None:
    async def scene() -> None:
        rise = Rise(server)
        async with Tab(server, "alice") as tab:
            for fault in ("500", "503"):
                await tab.ended((await tab.send(f"sim:fault={fault}"))["message"]["reply"]["id"])
        assert rise.of("parley_replies_ended_total", state="failed", code="upstream_error") == 2
        assert rise.of("parley_upstream_retries_total", code="upstream_error") == 2
        assert rise.of("parley_reply_first_text_seconds_count") == 0

    asyncio.run(scene())


def test_what_a_client_leaves_unacknowledged_shows(server: Server) -> None:
    async def scene() -> None:
        rise = Rise(server)
        deaf = Tab(server, "alice", acks=False)
        await deaf.connect()
        async with Tab(server, "bob"):
            await deaf.ended((await deaf.send("sim:tokens=50"))["message"]["reply"]["id"])
            most = rise.of("parley_socket_unacknowledged_max_bytes")
            assert 1000 < most <= rise.of("parley_socket_unacknowledged_bytes")
            assert rise.of("parley_sockets_open") == 2
        await deaf.close()
        await until(server, "parley_socket_unacknowledged_bytes", value=0)

    asyncio.run(scene())


def test_every_code_of_the_documentation_is_a_label_of_its_own() -> None:
    documented = re.findall(r"^\| (4\d{3}) \|", (ROOT / "docs/socket.md").read_text(), re.MULTILINE)
    assert {int(code) for code in documented} == set(closing.CODES) <= CODES


def test_a_code_that_a_client_makes_up_is_no_label(server: Server) -> None:
    async def scene() -> None:
        rise = Rise(server)
        tab = Tab(server, "alice")
        await tab.connect()
        await tab.socket.close(4777)
        await until(server, "parley_sockets_open", value=0)
        assert rise.of("parley_sockets_closed_total", code="other") == 1
        assert rise.of("parley_sockets_closed_total", code="4777") == 0

    asyncio.run(scene())


def test_the_replies_of_a_dead_process_are_counted_by_who_takes_them_over(
    simulator: SimulatorProcess, tmp_path: Path
) -> None:
    async def scene(server: Server) -> None:
        tab = Tab(server, "alice")
        await tab.connect()
        message = (await tab.send("sim:tokens=2000,rate=20"))["message"]
        await tab.frame("reply.delta")
        await tab.send("sim:tokens=1", conversation=message["conversation"])
        server.kill()
        server.start()
        for outcome in ("ended", "adopted"):
            await until(server, "parley_replies_taken_over_total", 1, outcome=outcome)
        await until(server, "parley_replies_ended_total", 1, state="interrupted", code="worker_lost")
        await until(server, "parley_replies_ended_total", value=1, state="complete", code="none")

    with Server(tmp_path / "data", simulator.url) as server:
        asyncio.run(scene(server))


def add_overdue_job(server: Server) -> None:
    """Of a kind that no worker knows, so that it stays."""
    row = (uuid4().hex, "forgotten", "{}", "", 0, 0, "", False, "2026-01-01 00:00:00", "2026-01-01 00:00:00")
    names = "id, kind, payload, dedupe_key, attempts, fence, last_error, given_up, run_at, created_at"
    marks = ", ".join("?" for _ in row)
    server.execute(f"INSERT INTO chat_job ({names}) VALUES ({marks})", *row)  # noqa: S608 (nothing from outside)


def test_background_work_shows_by_kind_and_state_and_how_late_it_is(server: Server) -> None:
    async def scene() -> None:
        await until(server, "parley_jobs", 1, kind="housekeeping", state="waiting")
        assert numbers(server)[named("parley_jobs_lag_seconds", {})] == 0
        add_overdue_job(server)
        await until(server, "parley_jobs", 1, kind="other", state="due")
        assert numbers(server)[named("parley_jobs_lag_seconds", {})] > 1000

    asyncio.run(scene())
    server.execute("DELETE FROM chat_job WHERE kind = 'forgotten'")


def test_a_database_that_does_not_answer_leaves_the_other_numbers(server: Server) -> None:
    server.execute("ALTER TABLE chat_job RENAME TO away")
    try:
        found = numbers(server)
    finally:
        server.execute("ALTER TABLE away RENAME TO chat_job")
    assert named("parley_sockets_open", {}) in found
    assert named("parley_jobs_lag_seconds", {}) not in found


def test_a_worker_shows_its_numbers_at_a_port_of_its_own(tmp_path: Path) -> None:
    idle = Server(tmp_path / "data")
    add_overdue_job(idle)
    port = free_port()
    with WorkerProcess(idle, METRICS_PORT=str(port)):
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics", timeout=10) as answer:
            samples = read_samples(answer.read())
        assert samples[named("parley_jobs", {"kind": "other", "state": "due"})] == 1
        assert samples[named("process_resident_memory_bytes", {})] > 10_000_000
    idle.database.drop()


def test_the_loop_is_asked_how_late_it_is(server: Server) -> None:
    rise = Rise(server)
    deadline = time.monotonic() + 10
    while rise.of("parley_event_loop_lag_seconds_count") < 3:
        assert time.monotonic() < deadline
        time.sleep(0.1)
    assert 0 <= rise.of("parley_event_loop_lag_seconds_sum") < 5


def test_a_loop_that_stands_still_is_logged_once_with_what_it_does(caplog: pytest.LogCaptureFixture) -> None:
    async def scene() -> None:
        LagProbe().start()
        await asyncio.sleep(0)
        hold_everything_up(lambda: "loop_blocked" in caplog.messages)
        await asyncio.sleep(0.3)

    before = threading.active_count()
    asyncio.run(scene())
    records = [record for record in caplog.records if record.message == "loop_blocked"]
    assert len(records) == 1
    assert "hold_everything_up" in records[0].__dict__["stack"]
    assert records[0].__dict__["seconds"] >= 1
    assert 0 <= records[0].__dict__["starved"] < records[0].__dict__["seconds"]
    deadline = time.monotonic() + 5
    while threading.active_count() > before:
        assert time.monotonic() < deadline, "the watching thread does not end with its loop"
        time.sleep(0.05)


def hold_everything_up(told: Callable[[], bool]) -> None:
    """Until that is told of, which the thread that watches may have to wait for."""
    end = time.monotonic() + 30
    while not told() and time.monotonic() < end:
        time.sleep(0.05)


@pytest.mark.skipif(not Path("/proc/self/schedstat").exists(), reason="this system does not say who waits")
def test_a_loop_that_is_given_no_processor_does_not_stand_still(caplog: pytest.LogCaptureFixture) -> None:
    """Four others want the same processor: 0.4 seconds of work take two."""
    processors = os.sched_getaffinity(0)
    busy = f"import os; os.sched_setaffinity(0, {{{min(processors)}}}); print(flush=True)\nwhile True: pass"

    async def scene() -> float:
        LagProbe().start()  # its thread keeps all processors
        await asyncio.sleep(0)
        os.sched_setaffinity(0, {min(processors)})
        begun, end = time.monotonic(), time.thread_time() + 0.4
        while time.thread_time() < end:
            pass
        taken = time.monotonic() - begun
        await asyncio.sleep(0.3)
        return taken

    with ExitStack() as stack:
        for _ in range(4):
            other = stack.enter_context(Popen([sys.executable, "-c", busy], stdout=PIPE))
            stack.callback(other.kill)
            assert other.stdout
            other.stdout.readline()
        stack.callback(os.sched_setaffinity, 0, processors)
        assert asyncio.run(scene()) > 1.5
    assert "loop_blocked" not in caplog.messages
