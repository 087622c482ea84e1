"""Every fault of an upstream through the whole product: a named end in time, nothing lost, and a retry."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator
from dataclasses import dataclass
from uuid import uuid4

import pytest

from tests.harness.scale import LATE, scaled
from tests.harness.server import Server
from tests.harness.tab import Heard, Tab
from tests.simulator.faults import SECRET_BODY, SEPARATORS
from tests.simulator.process import SimulatorProcess
from tests.simulator.text import expected_text

pytestmark = pytest.mark.fault

SEEDS = range(scaled(20, 1))
AT_ONCE = 4
FIRST, GAP, TOTAL = 2.0 + LATE / 2, 1.5 + LATE / 2, 6.0 + LATE
DEADLINES = {
    "COMPLETIONS_FIRST_SECONDS": str(FIRST),
    "COMPLETIONS_GAP_SECONDS": str(GAP),
    "COMPLETIONS_TOTAL_SECONDS": str(TOTAL),
}
#: The pauses before the second and the third attempt.
PAUSES = 2.0
#: What a reply may take beyond its deadline until its end is shown.
GRACE = 2.0 + LATE
TOKENS = 60
CHUNKS = (0, 1, 2, 3, 7, 16, 61, 256, 1021, 4096)


@dataclass(frozen=True)
class Fault:
    """``code`` is how it ends, or nothing when the reply is whole; ``kept`` is how many tokens are left of it
    at most, and exactly so many if ``exact``. ``inserted`` stands in the text after the tenth token."""

    name: str
    code: str = ""
    within: float = 1.0
    kept: int = 0
    exact: bool = True
    words: str = ""
    inserted: str = ""
    chat_completions_only: bool = False

    def text(self, seed: int) -> str:
        before, whole = expected_text(10, seed), expected_text(TOKENS, seed)
        return before + self.inserted + whole.removeprefix(before) if self.inserted else whole


FAULTS = [
    Fault("refuse", "upstream_cut", within=PAUSES),
    Fault("hang", "upstream_timeout_first", within=FIRST),
    Fault("stall", "upstream_stalled", within=GAP, kept=10),
    Fault("keepalive", "upstream_stalled", within=GAP, kept=10),
    Fault("drip", "upstream_stalled", within=GAP, kept=10),
    Fault("cut_chunked", "upstream_cut", kept=10, exact=False),
    Fault("cut_rst", "upstream_cut", kept=10, exact=False),
    Fault("cut_close", "upstream_cut", kept=10),
    Fault("no_done", "upstream_cut", kept=TOKENS),
    Fault("malformed", "upstream_bad_data", kept=TOKENS),
    Fault("glued", "upstream_bad_data", kept=TOKENS),
    Fault("nodata", "upstream_bad_data", kept=TOKENS),
    Fault("wrongtype", "upstream_bad_data", kept=TOKENS),
    Fault("bigline", "upstream_bad_data", kept=10, words="chunk=4096"),
    Fault("error_event", "upstream_error", kept=10),
    Fault("badstatus", "upstream_bad_data"),
    Fault("429", "upstream_busy", within=PAUSES),
    Fault("503", "upstream_error", within=PAUSES),
    Fault("500", "upstream_error"),
    Fault("502", "upstream_error"),
    Fault("401", "upstream_error"),
    Fault("html200", "upstream_error"),
    Fault("empty200", "upstream_error"),
    Fault("error200", "upstream_error"),
    Fault("badutf8", inserted="\ufffd\ufffd"),
    Fault("u2028", inserted=SEPARATORS),
    Fault("nul", inserted="abc\ufffdd", chat_completions_only=True),
    Fault("odd", inserted="[first]", chat_completions_only=True),
    Fault("", words="chunk=1"),
    Fault("", words=f"pause={FIRST * 0.6}", within=FIRST),
]


@pytest.fixture(scope="module", params=["openai", "maiagent"])
def server(
    request: pytest.FixtureRequest, simulator: SimulatorProcess, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Server]:
    """Its chatbots ask the simulator, with short deadlines, in each of the two ways."""
    provider = {
        "COMPLETIONS_PROVIDER": request.param,
        "COMPLETIONS_URL": simulator.url.removesuffix("/v1")
        if request.param == "maiagent"
        else simulator.url,
        "COMPLETIONS_API_KEY": "prefix.secret",
        "COMPLETIONS_CHATBOT_ID": "4c1e",
    }
    with Server(tmp_path_factory.mktemp("data"), simulator.url, **DEADLINES, **provider) as running:
        yield running


async def asked(tab: Tab, words: str, *, within: float) -> tuple[str, Heard, float]:
    """Send a message: its id, what was heard to the reply's end, and how long that took."""
    sent = (await tab.send(words))["message"]
    began = time.monotonic()
    heard = await tab.ended(sent["reply"]["id"], within=within)
    return sent["id"], heard, time.monotonic() - began


async def retried(tab: Tab, message: str, earlier: Heard) -> Heard:
    await tab.say("retry", message=message)
    known = set(tab.heard)
    reply = await tab.wait(lambda: next((one for one in tab.heard if one not in known), None))
    assert tab.heard[reply] is not earlier
    return await tab.ended(reply)


async def check(server: Server, simulator: SimulatorProcess, fault: Fault, seed: int) -> float:
    """One reply that meets the fault, and then its retry where it is mended. Returns by how many seconds it
    passed its deadline."""
    mark = uuid4().hex
    chunk = fault.words if "chunk" in fault.words else f"chunk={CHUNKS[seed % len(CHUNKS)]},{fault.words}"
    what = f"sim:fault={fault.name},tokens={TOKENS},seed={seed},every=0.05,{chunk}".rstrip(",")
    async with Tab(server, "alice") as tab:
        message, heard, seconds = await asked(tab, f"{mark} {what}", within=fault.within + 20)
        assert (heard.status, heard.error) == ("failed" if fault.code else "complete", fault.code)
        expected = expected_text(fault.kept, seed) if fault.code else fault.text(seed)
        assert heard.text == expected if fault.exact else expected.startswith(heard.text), heard.text
        assert heard.length == len(heard.text)
        rows = server.rows("SELECT content FROM chat_message WHERE id = ?", message.replace("-", ""))
        assert rows == [(f"{mark} {what}",)]
        if fault.code:
            assert seconds <= fault.within + GRACE, f"{seconds:.1f} s"
            await asyncio.to_thread(simulator.heal, mark)
            again = await retried(tab, message, heard)
            assert (again.status, again.text) == ("complete", expected_text(TOKENS, seed))
        assert SECRET_BODY[12:40] not in str(tab.frames)
        return seconds - fault.within if fault.code else 0.0


def test_every_fault_has_its_end_keeps_the_text_and_can_be_tried_again(
    server: Server, simulator: SimulatorProcess
) -> None:
    chatbot = server.variables["COMPLETIONS_PROVIDER"] == "maiagent"
    faults = [one for one in FAULTS if not (chatbot and one.chat_completions_only)]
    broken: list[str] = []
    late: list[float] = []

    async def scene() -> None:
        turn = asyncio.Semaphore(AT_ONCE)

        async def one(fault: Fault, seed: int) -> None:
            async with turn:
                try:
                    late.append(await check(server, simulator, fault, seed))
                except AssertionError as error:
                    broken.append(f"{fault.name or fault.words}, seed {seed}: {error}")

        await asyncio.gather(*(one(fault, seed) for seed in SEEDS for fault in faults))

    asyncio.run(scene())
    assert not broken, "\n".join(broken)
    simulator.wait_until(lambda stats: stats["open"] == 0, within=2 + LATE)
    assert "sk-secret" not in server.log
    assert "prefix.secret" not in server.log
    # Told once of each reply whose bytes were no text, and of no other.
    mended = sum("\ufffd" in fault.inserted for fault in faults) * len(SEEDS)
    assert server.log.count("upstream_text_mended") == mended
    print(
        f"{len(faults)} faults x {len(SEEDS)} seeds: all ended as named, at most {max(late):.1f} s after "
        "their deadlines, all retries complete, 0 open"
    )
