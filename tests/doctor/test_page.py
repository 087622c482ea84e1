"""The doctor's page in the admin, on a real server."""

from __future__ import annotations

import re
import urllib.parse
import urllib.request
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from html import unescape

import pytest

from tests.harness.server import Server
from tests.simulator import SimulatorProcess

KEY = "sk-only-for-this-test-0123456789"


@pytest.fixture(scope="module")
def served(simulator: SimulatorProcess, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """Alice is a superuser of this one. With DEBUG nobody has to collect its static files."""
    variables = {"COMPLETIONS_MODEL": "sim:fault=401", "COMPLETIONS_API_KEY": KEY, "DEBUG": "true"}
    with Server(tmp_path_factory.mktemp("data"), simulator.url, **variables) as server:
        server.execute("UPDATE chat_user SET is_superuser = ? WHERE username = 'alice'", True)
        yield server


def opened(server: Server, *, language: str = "en", **form: str) -> str:
    """The page as alice sees it; after the button was pressed if there is a form."""
    headers = {"Cookie": f"sessionid={server.people['alice']['session']}; csrftoken={'c' * 32}"}
    headers |= {"Accept-Language": language, "Referer": f"{server.origin}/admin/doctor/"}
    body = urllib.parse.urlencode({"csrfmiddlewaretoken": "c" * 32, **form}).encode() if form else None
    request = urllib.request.Request(f"{server.origin}/admin/doctor/", body, headers)
    with urllib.request.urlopen(request, timeout=60) as answer:
        page: str = answer.read().decode()
    return page


def levels(page: str) -> dict[str, str]:
    return dict(re.findall(r'data-code="([\w.]+)" data-level="(\w+)"', page))


def test_nothing_is_examined_before_the_button_is_pressed(served: Server) -> None:
    page = opened(served)
    assert "Examine" in page
    assert levels(page) == {}


def test_it_shows_the_lines_with_what_is_wrong_first(served: Server) -> None:
    page = opened(served, examine="1")
    found = levels(page)
    assert next(iter(found.items())) == ("completions.answers", "wrong")
    assert found["public.installation"] == found["public.socket"] == found["database.write"] == "ok"
    assert "COMPLETIONS_API_KEY" in page
    assert KEY not in page


def test_it_speaks_the_readers_language(served: Server) -> None:
    page = unescape(opened(served, language="zh-TW", examine="1"))
    assert "端點不接受這把金鑰（401）" in page
    assert "可以開啟，而且雙向都能傳送。" in page
    assert "允許的主機" in page
    assert "資料目錄" in page
    assert "Allowed hosts" not in page


def test_one_examination_runs_at_a_time(served: Server) -> None:
    with ThreadPoolExecutor(3) as pool:
        pages = list(pool.map(lambda _: opened(served, examine="1"), range(3)))
    busy = [page for page in pages if "Another examination is running" in page]
    assert len(busy) == 2
    assert levels(opened(served, examine="1"))


def test_the_sidebar_leads_there_for_superusers_alone(served: Server) -> None:
    sidebars = [
        served.get("/admin/", session=served.people[name]["session"])[1] for name in ("alice", "charlie")
    ]
    assert [b'"/admin/doctor/"' in sidebar for sidebar in sidebars] == [True, False]
