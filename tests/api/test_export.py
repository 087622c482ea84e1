"""Large exports, which a process of their own writes: a real server, its child, and clients that leave."""

from __future__ import annotations

import http.client
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from io import BytesIO

import openpyxl
import psutil
import pytest
import requests

from tests.harness.server import ROOT, Server
from tests.services import wait_until

COUNT = 600
SECONDS = 60


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    made = Server(tmp_path_factory.mktemp("data"))
    for number in (COUNT, 1):
        command = [sys.executable, "-m", "tests.api.exchanges", str(number), "5"]
        subprocess.run(command, cwd=ROOT, env=made.variables, check=True)
    with made:
        yield made


def address(server: Server, query: str = "") -> str:
    return f"/api/chatbots/{server.people['alice']['chatbot']}/records/export-excel/{query}"


def headers(server: Server) -> dict[str, str]:
    return {"Authorization": f"Api-Key {server.people['alice']['key']}"}


def export(server: Server, query: str = "") -> requests.Response:
    return requests.get(server.origin + address(server, query), headers=headers(server), timeout=SECONDS)


def children(server: Server) -> list[psutil.Process]:
    """That write, by their command: for a moment each is a copy of the server, which waits for it."""
    assert server.process
    everybody = psutil.Process(server.process.pid).children()
    return [one for one in everybody if any("export_process" in word for word in command(one))]


def command(process: psutil.Process) -> list[str]:
    with suppress(psutil.NoSuchProcess):
        return list(process.cmdline())
    return []


@contextmanager
def begun(server: Server) -> Iterator[tuple[http.client.HTTPConnection, psutil.Process]]:
    """An export that stands still while it is written, and its client, who leaves at the end."""
    with closing(http.client.HTTPConnection("127.0.0.1", server.port, timeout=SECONDS)) as client:
        client.request("GET", address(server), headers=headers(server))
        wait_until(lambda: bool(children(server)))
        (child,) = children(server)
        child.suspend()
        yield client, child


def test_a_large_export_is_written_by_another_process_and_complete(server: Server) -> None:
    answer = export(server, "?userMessage=question&endDate=2026-03-01")
    assert answer.status_code == 200, answer.text
    assert answer.headers["Content-Disposition"] == 'attachment; filename="chatbot_records.xlsx"'
    assert int(answer.headers["Content-Length"]) == len(answer.content)
    sheet = openpyxl.load_workbook(BytesIO(answer.content), read_only=True).worksheets[0]
    _titles, *rows = sheet.iter_rows(values_only=True)
    assert sorted(row[1] for row in rows) == sorted(f"Question {number}?" for number in [*range(COUNT), 0])
    assert [row[-1] for row in rows] == sorted((row[-1] for row in rows), reverse=True)
    wait_until(lambda: not children(server))


def test_while_one_is_written_another_waits_and_whoever_leaves_leaves_no_child_behind(server: Server) -> None:
    with begun(server):
        refused = export(server)
        assert refused.status_code == 429
        assert 10 <= int(refused.headers["Retry-After"]) <= 11
        assert "Another export" in refused.json()["detail"]
    wait_until(lambda: not children(server))
    wait_until(lambda: export(server).status_code == 200)


def test_an_export_whose_process_dies_is_an_error_and_no_broken_file(server: Server) -> None:
    with begun(server) as (client, child):
        child.kill()
        answer = client.getresponse()
        assert (answer.status, answer.headers["Content-Type"]) == (500, "application/json")
    assert "export_failed" in server.log
    assert export(server).status_code == 200
