"""Whom the script and the frame believe before they speak through a channel of their own: the protocol's own
functions, in a page and in a frame of it, with messages that say of themselves where they come from."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, Frame

from tests.browser.host_pages import HostPages
from tests.embed.test_sites import LISTED, NOT_SHOWN, SHOWN
from tests.harness.server import ROOT

SITE = "https://shop.example"
IMPORT = """async (source) => {
  window.protocol = await import(URL.createObjectURL(new Blob([source], { type: "text/javascript" })));
}"""
#: Which of the messages were taken for the frame's.
ANSWERED = """([site, cases]) => cases.map((one) => {
  const frame = document.querySelector("iframe");
  const speakers = { frame: frame.contentWindow, page: window, other: frames[1], nobody: null };
  let asked = 0;
  const stop = protocol.answerFrame(frame, site, () => (asked += 1), () => {});
  const right = { origin: site, source: "frame", data: { parley: 1, type: "hello" } };
  const { origin, source, data } = { ...right, ...one };
  dispatchEvent(new MessageEvent("message", { data, origin, source: speakers[source] }));
  stop();
  return asked;
})"""
#: The site of a message that the frame took for that of the page around it, or null.
CONNECTED = """async ([site, one]) => {
  const speakers = { page: parent, frame: window, other: parent.frames[1], nobody: null };
  const data = { parley: 1, type: "connect", config: { opened: true } };
  const { origin, source, port, ...said } = { origin: site, source: "page", port: true, data, ...one };
  const met = protocol.callHost((from) => from === site, () => {}, 0);
  const ports = port ? [new MessageChannel().port2] : [];
  dispatchEvent(new MessageEvent("message", { ...said, origin, source: speakers[source], ports }));
  return (await met)?.site ?? null;
}"""


@pytest.fixture(scope="module")
def frames(chromium: Browser, hosts: HostPages) -> Iterator[list[Frame]]:
    """A page and the first of two frames in it, both with the protocol."""
    page = chromium.new_page()
    faults: list[str] = []
    page.on("pageerror", lambda error: faults.append(str(error)))
    page.goto(hosts.page("shop", "<iframe></iframe><iframe></iframe>"))
    source = (ROOT / "static/chat/embed/protocol.js").read_text()
    found = page.frames[:2]
    for frame in found:
        frame.evaluate(IMPORT, source)
    yield found
    page.close()
    assert not faults


def test_the_script_answers_its_own_frame_from_the_chats_server_alone(frames: list[Frame]) -> None:
    wrong: list[dict[str, Any]] = [
        {"source": "page"},
        {"source": "other"},
        {"source": "nobody"},
        {"origin": "https://other.example"},
        {"origin": "null"},
        {"data": {"parley": 2, "type": "hello"}},
    ]
    assert frames[0].evaluate(ANSWERED, [SITE, [{}, *wrong]]) == [1] + [0] * len(wrong)


def test_the_frame_listens_to_the_page_around_it_on_an_allowed_site_alone(frames: list[Frame]) -> None:
    wrong: list[dict[str, Any]] = [
        {"source": "frame"},
        {"source": "other"},
        {"source": "nobody"},
        {"origin": "https://other.example"},
        {"origin": "null"},
        {"port": False},
        {"data": {"parley": 1, "type": "connect", "config": {"opened": "yes"}}},
    ]
    told = [frames[1].evaluate(CONNECTED, [SITE, one]) for one in ({}, *wrong)]
    assert told == [SITE] + [None] * len(wrong)


def test_the_frame_reads_the_list_of_sites_as_the_server_does(frames: list[Frame]) -> None:
    tried = [*SHOWN, *((site, LISTED) for site in NOT_SHOWN), ("null", ["*"]), ("null", ["*", "null"])]
    found = frames[0].evaluate("(tried) => tried.map(([site, list]) => protocol.inList(site, list))", tried)
    assert found == [True] * len(SHOWN) + [False] * len(NOT_SHOWN) + [False, True]
